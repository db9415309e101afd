//! What the pages of typing in show, read in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    actor::Role,
    closing::BlockerKind,
    entry::{
        Check, ENTERERS, EnterSheet, Kind, LateEntry, Order, Progress, Release, SetAside, Settle, TakeTasks,
        Task, Whose, may_settle,
    },
    forms::{Sheet, State},
    id::{AccountId, FacilityId, FormId, IncidentId, UnitId},
    playbooks::{Disposition, FormType},
    scope::{Place, Places},
    time::{Timestamp, Zone},
    view::{
        entry::{
            AskedRelease, Difference, EntryCount, EntryLine, EntryMade, EntryView, LotLine, LotsView,
            SheetEntryView, WaitsFor,
        },
        forms::Named,
    },
};
use frontend::ui::{count, counted};
use sqlx::types::Uuid;

use super::{
    Desk,
    act::late_words,
    lots, patients,
    store::{self, After, Filter, TaskRow},
    type_of,
};
use crate::{
    accounts::store as accounts,
    forms::store::{self as sheets, SheetRow},
    incidents::store as incidents,
    places::store as places,
    playbooks::store::{self as playbooks, Kit},
    store::{Error, Tx, seal::Seal},
    web::{door::Door, problem::Problem},
};

/// How many sheets one page lists.
const PAGE: usize = 100;

/// What a list is asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    show: String,
    site: String,
    unit: String,
    form_type: String,
    after: String,
}

impl Asked {
    /// The list from which tasks were to be taken.
    pub fn of(taking: &TakeTasks) -> Self {
        let text = |text: &domain::field::Text| text.trimmed().to_owned();
        let (site, unit, form_type) = (text(&taking.site), text(&taking.unit), text(&taking.form_type));
        Self { site, unit, form_type, ..Self::default() }
    }
}

/// What the lists show: the word in the address, how far the sheets are, and its words.
const SHOWN: [(&str, Progress, &str); 5] = [
    ("next", Progress::Ready, "ready to type in"),
    ("prepare", Progress::ToPrepare, "to be prepared"),
    ("check", Progress::ToCheck, "to be checked by a second person"),
    ("differs", Progress::Differs, "differ from what was typed in"),
    ("missing", Progress::Missing, "missing, while others of the patient wait"),
];

/// The order and the names of an incident's forms.
pub(super) async fn kit(tx: &mut Tx, incident: IncidentId) -> Result<Kit, Problem> {
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    Ok(playbooks::kit(tx, incident).await?)
}

/// The names of places as lists show them, and what the reader may do there.
struct Around {
    lattice: Places,
    sites: BTreeMap<FacilityId, (String, Zone)>,
    units: BTreeMap<UnitId, String>,
    now: Timestamp,
    reader: domain::actor::Actor,
}

impl Around {
    async fn read(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<Self, Error> {
        let lattice = places::lattice(tx).await?;
        let facilities = places::facilities(tx).await?;
        let sites = facilities.into_iter().map(|site| (site.id, (site.short_name, site.zone))).collect();
        let units = sheets::units(tx, incident).await?;
        let units =
            units.into_iter().map(|(unit, name, _, site)| (unit, format!("{site}, {name}"))).collect();
        Ok(Self { lattice, sites, units, now: door.app.clock.now(), reader: door.actor().clone() })
    }

    fn may_work(&self, unit: UnitId) -> bool {
        ENTERERS.iter().any(|role| self.reader.can(*role, Place::Unit(unit), &self.lattice))
    }

    fn zone(&self, site: FacilityId) -> Zone {
        self.sites.get(&site).map_or_else(Zone::utc, |(_, zone)| zone.clone())
    }
}

/// The list of what is next, or of what keeps others waiting.
pub async fn list(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    asked: Asked,
) -> Result<EntryView, Problem> {
    let kit = kit(tx, incident).await?;
    let around = Around::read(door, tx, incident).await?;
    let shown = SHOWN.iter().find(|(show, ..)| *show == asked.show);
    let mine = asked.show == "mine";
    let filter = Filter {
        progress: Some(shown.map_or(Progress::Ready, |(_, progress, _)| *progress)),
        site: asked.site.parse().ok(),
        unit: asked.unit.parse().ok(),
        form_type: known_type(&kit, &asked.form_type),
        after: After::read(&asked.after),
        ..Filter::default()
    };
    let sums = store::sums(tx, incident, &filter).await?;
    let held = store::held(tx, incident, around.reader.account, around.now).await?;
    let counts = counts(&sums, held.len());
    let mut tasks = if mine {
        held
    } else {
        let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        store::list(tx, incident, &filter, around.now, most).await?
    };
    let more = !mine && tasks.len() > PAGE;
    tasks.truncate(PAGE);
    let show = if mine { "mine" } else { shown.map_or("next", |(show, ..)| *show) };
    let (site, unit) = (id_text(filter.site), id_text(filter.unit));
    let next = tasks.last().filter(|_| more).map(|last| {
        let after = After::of(last).text();
        let form_type = &filter.form_type;
        format!("/incidents/{incident}/entry?show={show}&site={site}&unit={unit}&form_type={form_type}&after={after}")
    });
    let lines = lines(door, tx, (incident, &kit), &around, &tasks).await?;
    let zone = accounts::installation(tx).await?.zone();
    Ok(EntryView {
        incident,
        title: title(show, &sums, lines.len()),
        show: show.to_owned(),
        site,
        unit,
        form_type: filter.form_type,
        sites: named_sites(tx, incident, &around).await?,
        units: around.units.iter().map(|(id, name)| named(&id.to_string(), name)).collect(),
        types: kit.iter().map(|each| named(&each.code, &format!("{}: {}", each.code, each.name))).collect(),
        counts,
        lines,
        next,
        may_enter: around.reader.has(&ENTERERS),
        request_id: door.request_id(),
        as_of: zone.full(around.now),
    })
}

/// Only what is known goes back into an address.
fn known_type(kit: &[FormType], code: &str) -> String {
    type_of(kit, code).map(|form_type| form_type.code.clone()).unwrap_or_default()
}

fn id_text<T: ToString>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn named(value: &str, name: &str) -> Named {
    Named { value: value.to_owned(), name: name.to_owned() }
}

async fn named_sites(tx: &mut Tx, incident: IncidentId, around: &Around) -> Result<Vec<Named>, Error> {
    let concerned: BTreeSet<FacilityId> = sheets::sites(tx, incident).await?.into_iter().collect();
    let sites = around.sites.iter().filter(|(id, _)| concerned.contains(id));
    Ok(sites.map(|(id, (name, _))| named(&id.to_string(), name)).collect())
}

fn counts(sums: &BTreeMap<Progress, i64>, held: usize) -> Vec<EntryCount> {
    let of = |progress| sums.get(&progress).copied().unwrap_or(0);
    let mut counts: Vec<EntryCount> = SHOWN
        .iter()
        .map(|(show, progress, words)| EntryCount {
            show: (*show).to_owned(),
            words: (*words).to_owned(),
            sheets: of(*progress),
        })
        .collect();
    let mine = EntryCount {
        show: "mine".to_owned(),
        words: "taken by you".to_owned(),
        sheets: i64::try_from(held).unwrap_or(i64::MAX),
    };
    counts.insert(1, mine);
    counts
}

fn title(show: &str, sums: &BTreeMap<Progress, i64>, lines: usize) -> String {
    let of = |progress| sums.get(&progress).copied().unwrap_or(0);
    let forms = |number, one: &str, many: &str| counted(number, one, many);
    match show {
        "mine" => {
            let lines = i64::try_from(lines).unwrap_or(i64::MAX);
            format!("{} with you to be typed in", forms(lines, "form is", "forms are"))
        }
        "prepare" => forms(
            of(Progress::ToPrepare),
            "form waits until somebody says whose it is",
            "forms wait until somebody says whose they are",
        ),
        "check" => {
            forms(of(Progress::ToCheck), "form waits for a second person", "forms wait for a second person")
        }
        "differs" => forms(
            of(Progress::Differs),
            "form differs from what was typed in",
            "forms differ from what was typed in",
        ),
        "missing" => forms(
            of(Progress::Missing),
            "missing form keeps others of its patient waiting",
            "missing forms keep others of their patients waiting",
        ),
        _ => {
            let ready = forms(of(Progress::Ready), "form is ready to type in", "forms are ready to type in");
            match of(Progress::ToPrepare) {
                0 => ready,
                1 => format!("{ready}; 1 waits until somebody says whose it is"),
                more => format!("{ready}; {} wait until somebody says whose they are", count(more)),
            }
        }
    }
}

/// What lists say of each task.
async fn lines(
    door: &Door,
    tx: &mut Tx,
    (incident, kit): (IncidentId, &[FormType]),
    around: &Around,
    tasks: &[TaskRow],
) -> Result<Vec<EntryLine>, Problem> {
    let order = Order::of(kit);
    let open = store::open_beside(tx, incident, tasks).await?;
    let before: Vec<Option<&Task>> =
        tasks.iter().map(|task| order.first_before(&task.task(), &open)).collect();
    let forms = tasks.iter().map(|task| task.form).chain(before.iter().flatten().map(|task| task.form));
    let forms: Vec<FormId> = forms.collect::<BTreeSet<_>>().into_iter().collect();
    let rows = sheets::by_ids(tx, incident, &forms).await?;
    let rows: BTreeMap<FormId, SheetRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let holders = holders(tx, tasks, around.now).await?;
    let readable: Vec<&TaskRow> = tasks.iter().filter(|task| around.may_work(task.unit)).collect();
    let patients = if readable.iter().any(|task| task.sealed.is_some()) {
        let seal = Seal::open(&door.app, tx).await?;
        patients::on_sheets(tx, &seal, &readable).await?
    } else {
        BTreeMap::new()
    };
    let differing: Vec<FormId> =
        tasks.iter().filter(|task| task.progress == Some(Progress::Differs)).map(|task| task.form).collect();
    let differences = lots::open_differences(tx, &differing).await?;
    let serial = |form: &FormId| rows.get(form).map(|row| row.serial().to_string()).unwrap_or_default();
    let line = |(task, before): (&TaskRow, Option<&Task>)| {
        let zone = around.zone(task.facility);
        let holder = task.holder(around.now);
        let difference = differences.get(&task.form).and_then(|row| Kind::from_code(&row.kind));
        EntryLine {
            form: task.form,
            serial: serial(&task.form),
            form_type: task.form_type.clone(),
            type_name: type_of(kit, &task.form_type).map(|each| each.name.clone()).unwrap_or_default(),
            unit: around.units.get(&task.unit).cloned().unwrap_or_default(),
            priority: task.priority,
            progress: task.progress.unwrap_or(Progress::Void),
            patient: match task.whose {
                Whose::Several => "several patients".to_owned(),
                _ => patients.get(&task.form).cloned().unwrap_or_default(),
            },
            care: task.event_at.map(|at| zone.full(at)).unwrap_or_default(),
            waits_for: before.map(|before| WaitsFor {
                form: before.form,
                serial: serial(&before.form),
                form_type: before.form_type.clone(),
                missing: before.progress == Progress::Missing,
            }),
            taken_by: holder.and_then(|holder| holders.get(&holder).cloned()).unwrap_or_default(),
            mine: holder == Some(around.reader.account),
            difference: difference.map(|kind| kind.words().to_owned()).unwrap_or_default(),
            since: zone.typed(task.changed_at),
            hours: around.now.minutes_since(task.changed_at) / 60,
        }
    };
    Ok(tasks.iter().zip(before).map(line).collect())
}

async fn holders(
    tx: &mut Tx,
    tasks: &[TaskRow],
    now: Timestamp,
) -> Result<BTreeMap<AccountId, String>, Error> {
    let mut names = BTreeMap::new();
    for holder in tasks.iter().filter_map(|task| task.holder(now)).collect::<BTreeSet<_>>() {
        names.insert(holder, accounts::name(tx, holder).await?.unwrap_or_default());
    }
    Ok(names)
}

/// What was typed into the forms of a sheet's page.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub enter: Option<EnterSheet>,
    pub aside: SetAside,
    pub check: Check,
    pub settle: Settle,
    pub release: Release,
}

/// One sheet.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    (incident, form): (IncidentId, FormId),
    typed: Typed,
) -> Result<SheetEntryView, Problem> {
    let kit = kit(tx, incident).await?;
    let around = Around::read(door, tx, incident).await?;
    let row = sheets::by_ids(tx, incident, &[form]).await?.pop();
    let row = row.ok_or_else(|| Problem::not_found("form"))?;
    let mut task = Desk::of(tx, &kit, std::slice::from_ref(&row), around.now).await?.tasks.remove(0);
    if task.progress.is_none() {
        task.progress = Progress::of(&row.sheet(), task.whose);
    }
    let line = lines(door, tx, (incident, &kit), &around, std::slice::from_ref(&task)).await?.remove(0);
    let downtime = incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let zone = around.zone(task.facility);
    let works = around.may_work(task.unit);
    let differences = lots::differences(tx, form).await?;
    let disputers: Vec<AccountId> = differences.iter().map(|row| AccountId(row.reported_by)).collect();
    let sheet = row.sheet();
    let me = around.reader.account;
    let is_entered = sheet.state == State::Entered;
    let asked = lots::release(tx, form).await?;
    let holds = task.progress.is_some_and(Progress::holds_back) && !task.released;
    let late = Late {
        downtime: downtime.name,
        exercise: downtime.exercise,
        serial: row.serial().to_string(),
        zone: zone.clone(),
    };
    let enter = typed.enter.unwrap_or_else(|| EnterSheet {
        event_at: task.event_at.map(|at| zone.typed(at)).unwrap_or_default().into(),
        ..EnterSheet::default()
    });
    Ok(SheetEntryView {
        incident,
        form,
        title: sheet_title(&line, &sheet),
        unknown_before: unknown_before(tx, incident, &kit, &task).await?,
        late_entry: late.words(task.event_at, &around.reader.name, enter.author.trimmed()),
        may_set_aside: works && sheet.state == State::Used && row.disposition == Disposition::BackEnter,
        may_enter: works && matches!(sheet.state, State::Used | State::Discrepancy),
        may_check: works && is_entered && !sheet.entered_by.contains(&me),
        may_settle: works && sheet.state == State::Discrepancy && may_settle(&sheet, &disputers, me).is_ok(),
        release_roles: if holds { release_roles(&around, &row, asked.as_ref()) } else { Vec::new() },
        asked: asked.map(|asked| AskedRelease {
            by: asked.first_name,
            reason: asked.reason,
            agreed: asked.second_name.unwrap_or_default(),
        }),
        lot: lot(tx, &kit, &around, (incident, task.lot)).await?,
        entries: entries(door, tx, &task, (works, &late)).await?,
        differences: differences.into_iter().map(|row| difference(row, &zone)).collect(),
        enter,
        aside: typed.aside,
        check: typed.check,
        settle: typed.settle,
        release: typed.release,
        line,
        request_id: door.request_id(),
    })
}

/// What all late entries of a sheet have in common.
struct Late {
    downtime: String,
    exercise: bool,
    serial: String,
    zone: Zone,
}

impl Late {
    fn words(&self, event_at: Option<Timestamp>, entered_by: &str, author: &str) -> String {
        let (downtime, serial) = (self.downtime.as_str(), self.serial.as_str());
        let late = LateEntry { event_at, downtime, serial, entered_by, author };
        late_words(&late, self.exercise, &self.zone)
    }
}

fn sheet_title(line: &EntryLine, sheet: &Sheet) -> String {
    let serial = &line.serial;
    match (line.progress, &line.waits_for) {
        (Progress::Ready | Progress::Differs, Some(before)) => {
            format!("{serial} waits for {} form {}", before.form_type, before.serial)
        }
        (Progress::Ready | Progress::Differs, None) if !line.mine && !line.taken_by.is_empty() => {
            format!("{} is typing in {serial}", line.taken_by)
        }
        (Progress::Ready, None) => format!("{serial} can be typed in"),
        (Progress::ToPrepare, _) => format!("{serial}: whose form is this?"),
        (Progress::Differs, None) if sheet.entered_by.is_empty() => {
            format!("{serial} is set aside: it cannot be typed in as it is")
        }
        (Progress::Differs, None) => format!("{serial} differs from what was typed in"),
        (Progress::ToCheck, _) => format!("{serial} waits for a second person"),
        (Progress::Missing, _) => format!("{serial} is missing, and its patient is known"),
        (Progress::Entered, _) => format!("{serial} is typed in; the sample has not asked for it"),
        (Progress::Verified, _) => format!("{serial} is typed in and checked"),
        (Progress::Void, _) => format!("{serial}: nothing to type in"),
    }
}

/// How many sheets of the unit may come before this one, of which nobody knows whose they are.
async fn unknown_before(
    tx: &mut Tx,
    incident: IncidentId,
    kit: &[FormType],
    task: &TaskRow,
) -> Result<i64, Error> {
    let order = Order::of(kit);
    let mut unknown = 0;
    if !matches!(task.progress, Some(Progress::Ready | Progress::Differs | Progress::ToPrepare)) {
        return Ok(0);
    }
    for code in order.before(&task.form_type) {
        let filter = Filter { unit: Some(task.unit), form_type: code.to_owned(), ..Filter::default() };
        unknown += store::sums(tx, incident, &filter).await?.get(&Progress::ToPrepare).copied().unwrap_or(0);
    }
    Ok(unknown)
}

/// The roles in which the reader may ask or agree.
fn release_roles(around: &Around, row: &SheetRow, asked: Option<&lots::ReleaseRow>) -> Vec<Named> {
    let kind =
        if row.state == State::Missing { BlockerKind::FormMissing } else { BlockerKind::FormNotAtItsEnd };
    let is_open = |role: &&Role| match asked {
        Some(asked) => {
            asked.second_name.is_none()
                && asked.first_account != around.reader.account.0
                && asked.first_role != role.code()
        }
        None => true,
    };
    let may = |role: &&Role| around.reader.can(**role, Place::Unit(row.unit), &around.lattice);
    let roles = kind.waiving_roles().iter().filter(is_open).filter(may);
    roles.map(|role| named(role.code(), role.words())).collect()
}

async fn lot(
    tx: &mut Tx,
    kit: &[FormType],
    around: &Around,
    (incident, lot): (IncidentId, Option<Uuid>),
) -> Result<Option<LotLine>, Error> {
    let Some(id) = lot else { return Ok(None) };
    Ok(lots::find(tx, id).await?.map(|row| lot_line(incident, row, kit, around)))
}

fn lot_line(incident: IncidentId, row: lots::LotRow, kit: &[FormType], around: &Around) -> LotLine {
    let site = FacilityId(row.facility);
    LotLine {
        path: format!("/incidents/{incident}/entry?show=check&site={site}&form_type={}", row.form_type),
        site: around.sites.get(&site).map(|(name, _)| name.clone()).unwrap_or_default(),
        type_name: type_of(kit, &row.form_type).map(|each| each.name.clone()).unwrap_or_default(),
        lot: row.lot(),
        day: row.day,
        form_type: row.form_type,
    }
}

async fn entries(
    door: &Door,
    tx: &mut Tx,
    task: &TaskRow,
    (works, late): (bool, &Late),
) -> Result<Vec<EntryMade>, Problem> {
    let mut made = Vec::new();
    for row in lots::entries(tx, task.form).await? {
        let reference = match (&row.reference, &task.sealed) {
            (Some(sealed), Some((sealed_for, _))) if works => {
                let seal = Seal::open(&door.app, tx).await?;
                patients::opened(tx, &seal, *sealed_for, task.form.0, sealed).await?
            }
            _ => String::new(),
        };
        made.push(EntryMade {
            at: late.zone.full(Timestamp(row.entered_at)),
            late_entry: late.words(row.event_at.map(Timestamp), &row.name, &row.author),
            by: row.name,
            author: row.author,
            reference,
        });
    }
    Ok(made)
}

fn difference(row: lots::DifferenceRow, zone: &Zone) -> Difference {
    let ending = row.ending.as_deref().and_then(domain::entry::Ending::from_code);
    let ended = ending.map(|ending| {
        let when = row.ended_at.map(|at| zone.full(Timestamp(at))).unwrap_or_default();
        format!("{}, {when}, by {}", ending.words(), row.ender.unwrap_or_default())
    });
    Difference {
        at: zone.full(Timestamp(row.reported_at)),
        what: Kind::from_code(&row.kind).map(|kind| kind.words().to_owned()).unwrap_or_default(),
        note: row.note,
        by: row.reporter,
        owner: Role::from_code(&row.owner).map(|role| role.words().to_owned()).unwrap_or_default(),
        ended: ended.unwrap_or_default(),
        reason: row.reason,
    }
}

/// The samples, the latest day first; `after` is `day:id` of the last one of the page before.
pub async fn lots(door: &Door, tx: &mut Tx, incident: IncidentId, after: &str) -> Result<LotsView, Problem> {
    let kit = kit(tx, incident).await?;
    let around = Around::read(door, tx, incident).await?;
    let (day, id) = after.split_once(':').unwrap_or(("9999", ""));
    let id = Uuid::parse_str(id).unwrap_or(Uuid::max());
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = lots::list(tx, incident, (day, id), most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more);
    let next = next.map(|last| format!("/incidents/{incident}/entry/samples?after={}:{}", last.day, last.id));
    let lines: Vec<LotLine> = rows.into_iter().map(|row| lot_line(incident, row, &kit, &around)).collect();
    let turned = lines.iter().filter(|line| line.lot.turned).count();
    let title = match (lines.is_empty(), turned) {
        (true, _) => "Nothing is typed in yet, so there is no sample".to_owned(),
        (_, 0) => "No sample has turned to checking everything".to_owned(),
        (_, turned) => {
            let turned = i64::try_from(turned).unwrap_or(i64::MAX);
            format!("{} turned to checking everything", counted(turned, "sample has", "samples have"))
        }
    };
    Ok(LotsView { incident, title, lines, next })
}
