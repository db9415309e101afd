//! The page of a decision: its totals, its lists, what other ways would do, and the decisions made so far.

use domain::{
    cases::{Decided, forms::Decide},
    decisions::{Aim, BY_HAND, Count, LINKED, Settled, Strategy, Window},
    id::{IncidentId, RequestId},
    schedule::Priority,
    time::Zone,
    view::{
        cases::Alternative,
        decisions::{DecideRow, DecideView, DecisionLine, Instead, KeepLine, PartLine, RowList},
    },
};

use super::{made::Made, preview::Preview};
use crate::{cases::show::Sites, places::store as places};

/// The lists of a decision: code, words, and which rows are in it.
pub(super) const LISTS: [(&str, &str); 5] = [
    ("cancel", "To cancel"),
    ("keep", "Goes ahead"),
    ("person", "For a person to decide"),
    ("left-out", "Left out of the decision"),
    ("linked", "Linked to what is cancelled, on other days or elsewhere"),
];

/// The rows of a list, by the hour.
pub(super) fn listed<'a>(list: &str, preview: &'a Preview) -> Vec<Settled<'a>> {
    let mut settled = if list == "linked" { preview.settled_links() } else { preview.settled() };
    settled.retain(|each| match list {
        "cancel" => each.inside && each.decided == Decided::Cancelled,
        "keep" => each.inside && each.decided == Decided::Kept,
        "person" => each.inside && matches!(each.decided, Decided::Undecided | Decided::No),
        "left-out" => !each.inside,
        _ => true,
    });
    settled.sort_by_key(|each| (each.row.start, each.row.case));
    settled
}

/// The address of a decision with this choice.
pub(super) fn address(incident: IncidentId, end: &str, choice: &Decide, more: &[(&str, &str)]) -> String {
    let mut query = serde_html_form::to_string(choice).unwrap_or_default();
    if let Ok(more) = serde_html_form::to_string(more)
        && !more.is_empty()
    {
        query = format!("{query}&{more}");
    }
    format!("/incidents/{incident}/cases/decide{end}?{query}")
}

/// What stands around the preview.
pub(super) struct Around {
    pub form: Decide,
    pub sites: Vec<places::Facility>,
    pub made: Vec<Made>,
    pub zone: Zone,
    pub request_id: RequestId,
}

pub(super) fn view(incident: IncidentId, preview: &Preview, around: Around) -> DecideView {
    let Around { form, sites, made, zone, request_id } = around;
    let plan = &preview.plan;
    let keeps = plan.rule.keep.iter().map(|keep| KeepLine {
        key: keep.key.clone(),
        label: keep.label.clone(),
        rows: preview.totals.kept_by.get(&keep.key).copied().unwrap_or_default(),
    });
    let changes = plan.aim.amends().and_then(|id| made.iter().find(|each| each.id == id));
    let all = Alternative { value: "all".into(), words: format!("All {} sites", sites.len()) };
    let site = |site: &places::Facility| Alternative {
        value: format!("facility:{}", site.id),
        words: site.name.clone(),
    };
    let rules = preview.rules.iter();
    let (by_site, services, priorities) = parts(preview, &sites);
    DecideView {
        incident,
        rules: rules.map(|rule| Alternative { value: rule.key.clone(), words: rule.name.clone() }).collect(),
        rule_name: plan.rule.name.clone(),
        only: only(&plan.window),
        changes: changes.map(|made| format!("D-{}", made.number)).unwrap_or_default(),
        keeps: keeps.collect(),
        totals: preview.totals.clone(),
        lists: lists(incident, preview),
        instead: instead(incident, preview),
        sites: by_site,
        services,
        priorities,
        places: std::iter::once(all).chain(sites.iter().map(site)).collect(),
        form,
        made: made.iter().map(|made| line(incident, made, &zone)).collect(),
        request_id,
    }
}

fn only(window: &Window) -> String {
    let words: Vec<String> = window.only.iter().map(domain::playbooks::Narrowing::words).collect();
    words.join("; ")
}

fn lists(incident: IncidentId, preview: &Preview) -> Vec<RowList> {
    let totals = &preview.totals;
    let count = |code: &str| match code {
        "cancel" => totals.all.cancelled,
        "keep" => totals.all.kept,
        "person" => totals.all.undecided,
        "linked" => totals.linked,
        _ => totals.left_out,
    };
    let lists = LISTS.iter().map(|(code, words)| RowList {
        code: (*code).to_owned(),
        words: (*words).to_owned(),
        rows: count(code),
        path: address(incident, "/rows", &preview.choice, &[("list", code)]),
    });
    lists.filter(|list| list.rows > 0).collect()
}

/// The hours until which a day may be cancelled in part.
const UNTIL: [&str; 3] = ["12:00", "15:00", "18:00"];

/// The whole day, only until an hour, and case by case; none of them where something is taken back.
fn instead(incident: IncidentId, preview: &Preview) -> Vec<Instead> {
    if preview.plan.aim == Aim::TakeBack {
        return Vec::new();
    }
    let chosen = &preview.choice;
    let with = |until: &str, strategy: Strategy| Decide {
        until: until.into(),
        strategy: if strategy == Strategy::Blanket { "" } else { strategy.code() }.into(),
        ..chosen.clone()
    };
    let mut ways = vec![("All day".to_owned(), with("", Strategy::Blanket))];
    ways.extend(UNTIL.map(|until| (format!("Only until {until}"), with(until, Strategy::Blanket))));
    ways.push(("Case by case".to_owned(), with("", Strategy::CaseByCase)));
    let way = |(words, choice): (String, Decide)| {
        let count = preview.instead(&choice)?.all;
        let path = address(incident, "", &choice, &[]);
        Some(Instead { words, count, chosen: choice == *chosen, path })
    };
    ways.into_iter().filter_map(way).collect()
}

type Parts = (Vec<PartLine>, Vec<PartLine>, Vec<PartLine>);

fn parts(preview: &Preview, sites: &[places::Facility]) -> Parts {
    let parts = preview.parts();
    let named = |words: &str| if words.is_empty() { "not named".to_owned() } else { words.to_owned() };
    let by_site = sites.iter().filter_map(|site| {
        let count = *parts.facilities.get(&site.id)?;
        Some(PartLine { words: site.name.clone(), count })
    });
    let mut services: Vec<PartLine> = parts
        .services
        .iter()
        .map(|(service, count)| PartLine { words: named(service), count: *count })
        .collect();
    services.sort_by_key(|part| -part.count.cancelled);
    let priorities = parts.priorities.iter().map(|((scheme, value), count)| PartLine {
        words: Priority::from_parts(scheme, value).words(),
        count: *count,
    });
    (by_site.collect(), services, together(priorities))
}

/// What reads the same stands once: all values that no scheme explains.
fn together(parts: impl Iterator<Item = PartLine>) -> Vec<PartLine> {
    let mut lines: Vec<PartLine> = Vec::new();
    for part in parts {
        match lines.iter_mut().find(|line| line.words == part.words) {
            None => lines.push(part),
            Some(line) => {
                let Count { rows, kept, cancelled, undecided } = part.count;
                line.count.rows += rows;
                line.count.kept += kept;
                line.count.cancelled += cancelled;
                line.count.undecided += undecided;
            }
        }
    }
    lines
}

fn line(incident: IncidentId, made: &Made, zone: &Zone) -> DecisionLine {
    let note = match (made.amends, made.amended_by) {
        (Some(earlier), None) => format!("changes D-{earlier}"),
        (None, Some(later)) => format!("changed by D-{later}"),
        (Some(earlier), Some(later)) => format!("changes D-{earlier}, changed by D-{later}"),
        (None, None) if made.aim == Aim::TakeBack.code() => "cancellations taken back".into(),
        (None, None) => String::new(),
    };
    let can_change = made.aim != Aim::TakeBack.code() && made.amended_by.is_none();
    let with = |aim: Aim| Decide {
        aim: aim.code().into(),
        amends: aim.amends().map_or_else(String::new, |id| id.to_string()).into(),
        ..made.choice.clone()
    };
    let link = |aim| if can_change { address(incident, "", &with(aim), &[]) } else { String::new() };
    DecisionLine {
        id: made.id,
        name: format!("D-{}", made.number),
        note,
        rule: made.rule.clone(),
        day: made.window.day.clone(),
        only: only(&made.window),
        at: zone.full(made.at),
        by: made.by.clone(),
        totals: made.totals.clone(),
        change: link(Aim::Amend(made.id)),
        take_back: link(Aim::TakeBack),
    }
}

/// One row of a list.
pub(super) fn row(settled: &Settled<'_>, preview: &Preview, sites: &Sites) -> DecideRow {
    let row = settled.row;
    let zone = sites.zone(row.facility);
    let rule = settled.outcome.as_ref().map_or(row.rule.as_str(), |outcome| outcome.by.as_str());
    DecideRow {
        case: row.case,
        appointment: row.appointment.clone(),
        at: zone.moment(row.start),
        site: sites.name(row.facility).to_owned(),
        service: row.service.clone(),
        department: row.department.clone(),
        provider: row.provider.clone(),
        priority: row.priority.words(),
        rule: words(rule, preview),
        stands: settled.outcome.is_none(),
    }
}

/// What a rule's key says.
fn words(key: &str, preview: &Preview) -> String {
    let plan = &preview.plan;
    if key == plan.rule.key {
        return plan.rule.name.clone();
    }
    if let Some(keep) = plan.rule.keep.iter().find(|keep| keep.key == key) {
        return keep.label.clone();
    }
    match key {
        "" => "nobody decided yet",
        BY_HAND => "decided by a person",
        "case-by-case" => "a person decides each",
        "priority-unclear" => "no scheme explains its priority",
        LINKED => "linked to what is cancelled",
        "left-out" => "the changed decision leaves it out",
        "taken-back" => "the systems are back",
        other => other,
    }
    .to_owned()
}
