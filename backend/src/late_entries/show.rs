//! What the pages of command's own paper show, read in one snapshot.

use domain::{
    broadcasts::Answer,
    id::IncidentId,
    late_entries::{CountSheets, HandOutSheets, MOST_LINES, SheetKind, State, TypeLines},
    time::{Timestamp, Zone},
    view::{
        forms::Named,
        late_entries::{DraftLine, LateEntriesView, LateLine, LateSheetView, SheetCount, SheetLine},
    },
};
use frontend::ui::counted;
use serde_json::Value;

use super::{
    TYPISTS, path_of,
    store::{self, DraftOf, LineRow, SheetRow},
    typing::{self, Of},
};
use crate::{
    accounts::store as accounts,
    broadcasts::store as broadcasts,
    forms::store as forms,
    incidents::store as incidents,
    places::store as places,
    store::{Error, Tx},
    web::{door::Door, problem::Problem},
};

/// How many sheets one page lists.
const PAGE: usize = 100;
/// Empty rows below those that are filled.
const ROWS: i64 = 12;

/// What the list is asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    /// Kind and number of the last sheet of the page before.
    after: String,
    /// The sheet to which somebody wants to go.
    pub kind: String,
    pub number: String,
}

/// What was typed into the forms of the list.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub hand_out: HandOutSheets,
    pub count: CountSheets,
}

/// The sheets in a state.
pub async fn all(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    (asked, typed): (Asked, Typed),
) -> Result<LateEntriesView, Problem> {
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let zone = accounts::installation(tx).await?.zone();
    let sums = store::counts(tx, incident).await?;
    let state = State::from_code(&asked.state).unwrap_or(State::Out);
    let (kind, number) = asked.after.split_once(':').unwrap_or_default();
    let after = (kind, number.parse().unwrap_or(0));
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = store::list(tx, incident, state, after, most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let base = format!("/incidents/{incident}/late-entries");
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("{base}?state={}&after={}:{}", state.code(), last.kind.code(), last.number));
    let of = |kind: SheetKind, state: State| sums.get(&(kind, state)).copied().unwrap_or_default();
    let count = |kind: SheetKind| SheetCount {
        kind,
        out: of(kind, State::Out).0,
        typed: of(kind, State::Typed).0,
        blank: of(kind, State::Blank).0,
        lost: of(kind, State::Lost).0,
        lines: of(kind, State::Typed).1,
    };
    let counts: Vec<SheetCount> = SheetKind::ALL.into_iter().map(count).collect();
    let title = match counts.iter().map(|count| count.out).sum() {
        0 => "No sheet of command is out".to_owned(),
        out => counted(out, "sheet of command is out", "sheets of command are out"),
    };
    Ok(LateEntriesView {
        incident,
        title,
        counts,
        state,
        sheets: rows.iter().map(|row| line(incident, row, &zone)).collect(),
        next,
        drafts: drafts(door, tx, incident, &zone).await?,
        hand_out: typed.hand_out,
        count: typed.count,
        may_type: door.actor().has(&TYPISTS),
        request_id: door.request_id(),
        as_of: zone.full(door.app.clock.now()),
    })
}

fn name(kind: SheetKind, number: i64) -> String {
    format!("{} {number}", kind.words())
}

fn line(incident: IncidentId, row: &SheetRow, zone: &Zone) -> SheetLine {
    SheetLine {
        name: name(row.kind, row.number),
        path: path_of(incident, row.kind, row.number),
        state: row.state,
        handed_to: row.handed_to.clone(),
        handed: row.handed_at.map(|at| zone.full(at)).unwrap_or_default(),
        lines: row.lines,
    }
}

async fn drafts(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    zone: &Zone,
) -> Result<Vec<DraftLine>, Error> {
    let rows = store::drafts(tx, incident, door.actor().account).await?;
    let line = |(kind, number, lines, saved): (String, i64, i64, i64)| {
        let kind = SheetKind::from_code(&kind)?;
        let path = path_of(incident, kind, number);
        Some(DraftLine { name: name(kind, number), path, lines, saved: zone.full(Timestamp(saved)) })
    };
    Ok(rows.into_iter().filter_map(line).collect())
}

/// One sheet; what was typed stays, else the reader's draft is there.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    of: Of,
    typed: Option<TypeLines>,
) -> Result<LateSheetView, Problem> {
    let (incident, kind, number) = of;
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let zone = accounts::installation(tx).await?.zone();
    let row = store::find(tx, incident, (kind, number)).await?;
    let lines = match &row {
        Some(row) => lines(tx, incident, row, &zone).await?,
        None => Vec::new(),
    };
    let may_type = door.actor().has(&TYPISTS);
    let mine = DraftOf { incident, kind, number, account: door.actor().account };
    let draft = if may_type { typing::draft(&door.app, tx, mine).await? } else { None };
    let draft_saved = draft.as_ref().map(|(_, saved)| zone.full(Timestamp(*saved))).unwrap_or_default();
    let mut form = typed.or_else(|| draft.map(|(form, _)| form)).unwrap_or_default();
    let rows = rows(&mut form, lines.last().map_or(0, |line| line.line));
    let (mut sent, mut units) = (Vec::new(), Vec::new());
    if kind == SheetKind::Calls {
        sent = messages(tx, incident).await?;
        units = units_of(tx, incident).await?;
    }
    if form.broadcast.is_blank() {
        form.broadcast = sent.first().map(|each| each.value.clone()).unwrap_or_default().into();
    }
    Ok(LateSheetView {
        incident,
        kind,
        number,
        title: title(kind, number, row.as_ref(), lines.len()),
        lede: lede(row.as_ref(), &zone),
        lines,
        form,
        rows,
        draft_saved,
        broadcasts: sent,
        units,
        zone: zone.name().to_owned(),
        may_type,
        request_id: door.request_id(),
    })
}

fn title(kind: SheetKind, number: i64, row: Option<&SheetRow>, lines: usize) -> String {
    let name = name(kind, number);
    let lines = i64::try_from(lines).unwrap_or(i64::MAX);
    match row.map(|row| row.state) {
        None => format!("{name} is not known yet"),
        Some(State::Typed) => format!("{name}: {} typed in", counted(lines, "line", "lines")),
        Some(state) => format!("{name} is {}", state.words()),
    }
}

fn lede(row: Option<&SheetRow>, zone: &Zone) -> String {
    match row.and_then(|row| Some((row, row.handed_at?))) {
        Some((row, at)) => format!("Handed out {} to {}.", zone.full(at), row.handed_to),
        None => {
            "It was not handed out here: a sheet of an older pack comes in with its first line.".to_owned()
        }
    }
}

/// The numbers of the form's rows: those that are filled, then empty ones behind the last line of the sheet.
fn rows(form: &mut TypeLines, last: i64) -> Vec<i64> {
    let filled = [&form.line, &form.time, &form.who, &form.what, &form.unit, &form.answer, &form.until]
        .iter()
        .map(|list| list.len())
        .max()
        .unwrap_or(0);
    let place = |index: usize| i64::try_from(index).unwrap_or(0) + 1;
    let number = |index: usize| form.line.get(index).and_then(|line| line.trimmed().parse().ok());
    let mut rows: Vec<i64> = (0..filled).map(|index| number(index).unwrap_or_else(|| place(index))).collect();
    let first = rows.iter().copied().max().unwrap_or(0).max(last) + 1;
    rows.extend((first..first + ROWS).take_while(|row| *row <= MOST_LINES));
    rows
}

async fn lines(
    tx: &mut Tx,
    incident: IncidentId,
    sheet: &SheetRow,
    zone: &Zone,
) -> Result<Vec<LateLine>, Error> {
    let rows = store::lines(tx, incident, sheet.id).await?;
    let texts = store::texts(tx, incident, sheet.id).await?;
    let units = if sheet.kind == SheetKind::Calls { places::named_units(tx).await? } else { Vec::new() };
    let line = |row: &LineRow| {
        let text = |name: &str| texts.get(&(row.line, name.to_owned())).cloned().unwrap_or_default();
        let (who, what) = match sheet.kind {
            SheetKind::Log => (text("written_by"), text("what_happened")),
            SheetKind::Calls => (text("spoken_to"), text("note")),
            SheetKind::SignIn => (text("name"), text("position_or_room")),
        };
        let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
        let said = data["answer"].as_str().and_then(Answer::from_code).map_or("", Answer::words);
        let unit = units.iter().find(|(id, _)| data["unit"] == id.to_string()).map(|(_, name)| name.as_str());
        LateLine {
            line: row.line,
            happened: zone.full(Timestamp(row.event_at)),
            until: row.until_at.map(|at| zone.full(Timestamp(at))).unwrap_or_default(),
            typed: format!("typed in {} by {}", zone.full(Timestamp(row.entered_at)), row.name),
            who,
            what,
            answer: unit.map(|unit| format!("{unit}: {said}")).unwrap_or_default(),
            seq: row.seq,
        }
    };
    Ok(rows.iter().map(line).collect())
}

/// The messages that were sent, the newest first.
async fn messages(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Named>, Error> {
    let rows = broadcasts::list(tx, incident).await?;
    let mut sent: Vec<_> = rows.iter().filter(|row| row.switched_at.is_some()).collect();
    sent.sort_by_key(|row| std::cmp::Reverse(row.number));
    let named = |row: &&broadcasts::BroadcastRow| Named {
        value: row.id.to_string(),
        name: format!("Broadcast {} to {}", row.number, row.to_words),
    };
    Ok(sent.iter().map(named).collect())
}

async fn units_of(tx: &mut Tx, incident: IncidentId) -> Result<Vec<String>, Error> {
    let concerned = forms::units(tx, incident).await?;
    let concerned: std::collections::BTreeSet<_> = concerned.into_iter().map(|(unit, ..)| unit).collect();
    let named = places::named_units(tx).await?;
    Ok(named.into_iter().filter(|(unit, _)| concerned.contains(unit)).map(|(_, name)| name).collect())
}
