//! The doors of packs: what lies ready, printing, the sheets as page and as PDF, handing out; and the catalogue.

use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    actor::Role,
    id::PackId,
    packs::{HandOut, HandedOut, MakePacks, PacksMade, Withdraw, Withdrawn},
    view::{
        catalogue::{self, CatalogueView},
        packs::{NewPacksView, PackView, PacksView, SheetsPrintView},
    },
};
use frontend::pages::{catalogue as catalogue_pages, packs as pages};

use super::{
    pdf, short_name,
    show::{self, Asked},
    store,
};
use crate::{
    failure::Failure,
    incidents::{store as incidents, web::incident_id},
    playbooks::store as playbooks,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const PRINTERS: Access = Access::Roles(&super::PRINTERS);
const CLERKS: Access = Access::Roles(&[Role::FormsClerk]);

/// The routes of packs and of the catalogue.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<CatalogueView, _>(
            "/incidents/{incident}/forms/catalogue",
            Access::VIEWERS,
            "The kinds of forms by setting, and what becomes of each",
            catalogue,
        )
        .page::<PacksView, _>("/packs", Access::VIEWERS, "Packs of numbered sheets, the newest first", list)
        .page::<NewPacksView, _>("/packs/new", PRINTERS, "The form for printing numbered sheets", show_new)
        .command::<MakePacks, PacksMade, _>(
            "/packs/new",
            PRINTERS,
            "Make packs of numbered sheets for units",
            make,
        );
    routes
        .page::<PackView, _>("/packs/{pack}", Access::VIEWERS, "One pack with its ranges of serials", show)
        .page::<SheetsPrintView, _>(
            "/packs/{pack}/sheets",
            PRINTERS,
            "The sheets of a pack, to print; always the same",
            sheets,
        )
        .file(
            "/packs/{pack}/sheets.pdf",
            PRINTERS,
            "application/pdf",
            "The sheets of a pack as PDF; always the same bytes",
            sheets_pdf,
        )
        .command::<HandOut, HandedOut, _>(
            "/packs/{pack}/hand-out",
            CLERKS,
            "Hand a pack out in an incident",
            hand_out,
        )
        .command::<Withdraw, Withdrawn, _>(
            "/packs/{pack}/withdraw",
            PRINTERS,
            "Take a pack out of use",
            withdraw,
        )
}

fn pack_id(text: &str) -> Result<PackId, Problem> {
    text.parse().map_err(|_| Problem::not_found("pack"))
}

async fn catalogue(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let playbook = playbooks::frozen(&mut tx, incident).await?.map(|version| version.playbook);
    let forms = playbook.as_ref().map(|playbook| playbook.forms.as_slice()).unwrap_or_default();
    let view = CatalogueView {
        incident,
        title: catalogue::title(forms),
        settings: catalogue::by_setting(forms),
        playbook: playbook.as_ref().map(|playbook| playbook.title()).unwrap_or_default(),
    };
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, catalogue_pages::show, Mistakes::default()).await
}

async fn list(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::packs(&door, &mut tx, &asked).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::list, Mistakes::default()).await
}

async fn show_new(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    new_page(&door, asked.wanted(), Mistakes::default()).await
}

async fn new_page(door: &Door, form: MakePacks, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::new(door, &mut tx, form).await?;
    door.page(tx, pages::NEW_TITLE, view, pages::new, mistakes).await
}

async fn make(door: Door, input: Input<MakePacks>) -> Result<Response, Problem> {
    match door.run(&input, super::make).await {
        Ok(made) => {
            let only = made.packs.first().filter(|_| made.packs.len() == 1);
            let next =
                only.map_or_else(|| "/packs?state=printed".to_owned(), |one| format!("/packs/{}", one.pack));
            Ok(door.done(&next, &made))
        }
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| new_page(&door, form, mistakes).await).await
        }
    }
}

async fn show(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    one_page(&door, pack_id(&path)?, (HandOut::default(), Withdraw::default()), Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    pack: PackId,
    (hand_out, withdraw): (HandOut, Withdraw),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::one(door, &mut tx, pack, hand_out, withdraw).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::one, mistakes).await
}

async fn sheets(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    let pack = pack_id(&path)?;
    let mut tx = door.read().await?;
    let row = store::find(&mut tx, pack).await?.ok_or_else(|| Problem::not_found("pack"))?;
    let title = format!("Pack {}: sheets to print", short_name(pack));
    let view = SheetsPrintView { pack, title: title.clone(), pages: row.printed.pages().collect() };
    door.page(tx, &title, view, pages::sheets, Mistakes::default()).await
}

async fn sheets_pdf(door: Door, Path(path): Path<String>) -> Result<Response, Problem> {
    let pack = pack_id(&path)?;
    let mut tx = door.read().await?;
    let row = store::find(&mut tx, pack).await?.ok_or_else(|| Problem::not_found("pack"))?;
    drop(tx);
    let name = short_name(pack);
    let title = format!("Pack {name}: {}, {}", row.printed.site, row.printed.unit);
    // Two thousand sheets take a moment; other requests go on meanwhile.
    let made = tokio::task::spawn_blocking(move || pdf::pdf(&title, row.printed.pages())).await;
    let bytes = made.map_err(|panic| Problem::from(Failure::Broken(panic.to_string())))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"pack-{name}.pdf\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

async fn hand_out(door: Door, Path(path): Path<String>, input: Input<HandOut>) -> Result<Response, Problem> {
    let pack = pack_id(&path)?;
    match door.run(&input, move |app, by, form| super::hand_out(app, by, (pack, form))).await {
        Ok(out) => Ok(door.done(&format!("/packs/{pack}"), &out)),
        Err(failure) => {
            let typed = (input.form, Withdraw::default());
            door.again(failure, &input.typed, async |mistakes| one_page(&door, pack, typed, mistakes).await)
                .await
        }
    }
}

async fn withdraw(door: Door, Path(path): Path<String>, input: Input<Withdraw>) -> Result<Response, Problem> {
    let pack = pack_id(&path)?;
    match door.run(&input, move |app, by, form| super::withdraw(app, by, (pack, form))).await {
        Ok(gone) => Ok(door.done(&format!("/packs/{pack}"), &gone)),
        Err(failure) => {
            let typed = (HandOut::default(), input.form);
            door.again(failure, &input.typed, async |mistakes| one_page(&door, pack, typed, mistakes).await)
                .await
        }
    }
}
