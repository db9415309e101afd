//! What the targets share: the sites of a small hospital, and what must hold whatever came in.

use domain::{
    id::FacilityId,
    schedule::{
        Site,
        feed::Feed,
        report::{Incoming, Report},
    },
    time::{Timestamp, Zone},
};

/// Two sites that the seeds name.
pub fn sites() -> Vec<Site> {
    let zone = Zone::named("America/New_York").expect("is in the database");
    let site = |number: u128, code: &str, name: &str| Site {
        id: FacilityId(uuid::Uuid::from_u128(number)),
        code: code.into(),
        name: name.into(),
        short_name: name.into(),
        zone: zone.clone(),
    };
    vec![site(1, "general", "General"), site(2, "cape", "Cape")]
}

/// When a file without times was taken.
pub const AS_OF: Timestamp = Timestamp::from_seconds(1_721_347_200);

/// Every refusal has a place and a reason, every report a key, and their order changes nothing.
pub fn check(incoming: &Incoming) {
    for reject in &incoming.rejects {
        assert!(reject.row > 0 && !reject.reason.is_empty(), "{reject:?}");
    }
    for report in &incoming.reports {
        assert!(!report.key.id.is_empty() && !report.message.is_empty(), "{report:?}");
        if let Some(booking) = &report.booking {
            assert!(!booking.patient.mrn.is_empty() && (0..=2_880).contains(&booking.minutes), "{booking:?}");
            let patient = &booking.patient;
            let texts = [&patient.mrn, &patient.name, &patient.phone, &patient.email, &patient.language];
            let others = [&booking.appointment, &booking.service, &booking.department, &booking.provider];
            assert!(
                !texts.into_iter().chain(others).any(|text| text.contains(char::is_control)),
                "{booking:?}"
            );
        }
    }
    let forward = feed(incoming.reports.iter());
    let backward = feed(incoming.reports.iter().rev());
    assert_eq!(forward, backward);
    let figures = forward.figures();
    assert_eq!(usize::try_from(figures.reports), Ok(incoming.reports.len()));
}

fn feed<'a>(reports: impl Iterator<Item = &'a Report>) -> Feed {
    let mut feed = Feed::default();
    for report in reports {
        feed.take(report.clone());
    }
    feed
}
