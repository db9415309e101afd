//! The doors of feeds: who sends, one feed with its settings, and its files before and after they are taken in.

use axum::{
    extract::{Multipart, Path},
    response::Response,
};
use domain::{
    field::FieldErrors,
    id::{FeedFileId, FeedId},
    schedule::sender::{DescribeFeed, FeedSaved, FileSaved, TakeIn},
    table,
    view::feeds::{FeedFileView, FeedView, FeedsView},
};
use frontend::pages::feeds as pages;

use super::{
    files::{self, Bringer, Offered},
    show,
};
use crate::{
    cases::{file::csv_file, upload},
    failure::Failure,
    schedules::{PLANNERS, READERS},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const SEEN_BY: Access = Access::Roles(&READERS);
const PLANNED_BY: Access = Access::Roles(&PLANNERS);

/// The routes of feeds.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<FeedsView, _>("/feeds", SEEN_BY, "Systems that send their own messages", show_list)
        .command::<DescribeFeed, FeedSaved, _>(
            "/feeds",
            Access::ADMINISTRATORS,
            "Add a system that sends its own messages",
            send_new,
        )
        .page::<FeedView, _>("/feeds/{feed}", SEEN_BY, "What a system has sent, and its settings", show_one)
        .command::<DescribeFeed, FeedSaved, _>(
            "/feeds/{feed}",
            Access::ADMINISTRATORS,
            "Change the settings of a feed; its words hold from the next message on",
            send_change,
        )
        .upload::<FileSaved, _>(
            "/feeds/{feed}/files",
            PLANNED_BY,
            "Offer a file of messages (HL7 SIU, FHIR Appointment) for a look at its figures",
            files::MOST_BYTES + 64 * 1024,
            send_file,
        )
        .page::<FeedFileView, _>("/feeds/{feed}/files/{file}", SEEN_BY, "A file of messages", show_file)
        .command::<TakeIn, FileSaved, _>(
            "/feeds/{feed}/files/{file}/take",
            PLANNED_BY,
            "Take in a file of messages; the same messages again change nothing",
            send_take,
        )
        .file(
            "/feeds/{feed}/files/{file}/rejects.csv",
            SEEN_BY,
            "text/csv",
            "The messages of a file that could not be taken, with their reasons",
            rejects,
        )
}

fn feed_id(text: &str) -> Result<FeedId, Problem> {
    text.parse().map_err(|_| Problem::not_found("feed"))
}

fn file_id(text: &str) -> Result<FeedFileId, Problem> {
    text.parse().map_err(|_| Problem::not_found("file"))
}

async fn show_list(door: Door) -> Result<Response, Problem> {
    list_page(&door, DescribeFeed::default(), Mistakes::default()).await
}

async fn list_page(door: &Door, typed: DescribeFeed, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::list(door, &mut tx, typed).await?;
    let title = view.title.clone();
    door.page(tx, &title, view, pages::list, mistakes).await
}

async fn send_new(door: Door, input: Input<DescribeFeed>) -> Result<Response, Problem> {
    match door.run(&input, super::add).await {
        Ok(saved) => Ok(door.done(&format!("/feeds/{}", saved.feed), &saved)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| list_page(&door, form, mistakes).await).await
        }
    }
}

async fn show_one(door: Door, Path(id): Path<String>) -> Result<Response, Problem> {
    one_page(&door, feed_id(&id)?, (None, String::new()), Mistakes::default()).await
}

async fn one_page(
    door: &Door,
    id: FeedId,
    typed: (Option<DescribeFeed>, String),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::one(door, &mut tx, id, typed).await?;
    let title = pages::one_title(&view);
    door.page(tx, &title, view, pages::one, mistakes).await
}

async fn send_change(
    door: Door,
    Path(id): Path<String>,
    input: Input<DescribeFeed>,
) -> Result<Response, Problem> {
    let id = feed_id(&id)?;
    match door.run(&input, move |app, by, form| super::change(app, by, (id, form))).await {
        Ok(saved) => Ok(door.done(&format!("/feeds/{id}"), &saved)),
        Err(failure) => {
            let typed = (Some(input.form), String::new());
            door.again(failure, &input.typed, async |mistakes| one_page(&door, id, typed, mistakes).await)
                .await
        }
    }
}

/// The file goes to disk as it arrives, and lies there until it is taken in.
async fn send_file(door: Door, Path(id): Path<String>, multipart: Multipart) -> Result<Response, Problem> {
    let id = feed_id(&id)?;
    let file: FeedFileId = door.app.clock.id();
    let path = files::path(&door.app, file);
    let received = upload::receive(multipart, &path).await?;
    let as_of = received.text("as_of").trim().to_owned();
    let ran = match received.file.clone() {
        None => Err(FieldErrors::one("file", "Choose the file with the messages.").into()),
        Some((file_name, sha256)) => {
            let offered = Offered { id: file, file_name, sha256, as_of: as_of.clone() };
            let input = Input::of_upload(&door, received.text("request_id"), &sha256, offered)?;
            door.run(&input, move |app, by, offered| async move {
                files::offer(&app, Bringer::Person(&by), id, offered).await
            })
            .await
        }
    };
    match ran {
        Ok(saved) => Ok(door.done(&format!("/feeds/{id}/files/{}", saved.file), &saved)),
        Err(failure) => {
            let _ = tokio::fs::remove_file(&path).await;
            door.again(failure, &[], async |mistakes| one_page(&door, id, (None, as_of), mistakes).await)
                .await
        }
    }
}

type Ids = Path<(String, String)>;

async fn show_file(door: Door, Path((feed, file)): Ids) -> Result<Response, Problem> {
    file_page(&door, feed_id(&feed)?, file_id(&file)?, Mistakes::default()).await
}

async fn file_page(
    door: &Door,
    feed: FeedId,
    file: FeedFileId,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let view = show::file(door, feed, file).await?;
    let title = pages::file_title(&view);
    let tx = door.read().await?;
    door.page(tx, &title, view, pages::file, mistakes).await
}

async fn send_take(door: Door, Path((feed, file)): Ids, input: Input<TakeIn>) -> Result<Response, Problem> {
    let (feed, file) = (feed_id(&feed)?, file_id(&file)?);
    let taken = door.run(&input, move |app, by, _| async move {
        files::take_in(&app, Bringer::Person(&by), (feed, file)).await
    });
    match taken.await {
        Ok(saved) => Ok(door.done(&format!("/feeds/{feed}/files/{file}"), &saved)),
        Err(failure @ Failure::Refused(_)) => {
            // The file is gone, so its page has nothing to show.
            door.again(failure, &input.typed, async |mistakes| {
                one_page(&door, feed, (None, String::new()), mistakes).await
            })
            .await
        }
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| file_page(&door, feed, file, mistakes).await)
                .await
        }
    }
}

async fn rejects(door: Door, Path((feed, file)): Ids) -> Result<Response, Problem> {
    let rejects = show::rejects(&door.app, feed_id(&feed)?, file_id(&file)?).await?;
    Ok(csv_file("refused-messages.csv", table::rejects_csv(&rejects)))
}
