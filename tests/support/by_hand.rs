//! S0, the morning of 19 July 2024, as people play it at a desk: every step is a page that is opened, a form that
//! is filled in by its labels, a button that is pressed. Nothing is sent that no page offered.

use std::{collections::BTreeSet, fmt::Write};

use domain::forms::Serial;
use jiff::civil::Date;

use crate::{
    cast::{PASSWORD, SIGNERS},
    desk::{
        Desk,
        Entry::{Attaches, Chooses, Ticks, Types, Unticks},
    },
    morning::{BOOKINGS, new_york_today, schedule, staff_list},
};

/// One morning at one desk.
pub struct ByHand {
    pub desk: Desk,
    /// The sites of the downtime: code and name. All twelve, or a few.
    sites: Vec<(&'static str, &'static str)>,
    all: bool,
    /// The incident's path.
    incident: String,
}

impl ByHand {
    /// The morning at all sites.
    pub fn everywhere(desk: Desk) -> Self {
        Self { desk, sites: crate::harbor::SITES.to_vec(), all: true, incident: String::new() }
    }

    /// The morning at one site: every kind of step once, for hands that are slower.
    pub fn at_cape(desk: Desk) -> Self {
        Self { desk, sites: vec![("cape", "Cape")], all: false, incident: String::new() }
    }

    /// The whole morning.
    pub async fn plays(&mut self) {
        self.declares().await;
        self.tells("Downtime at all sites: first word", false).await;
        self.tells("Reminder of all three orders", true).await;
        self.cancels().await;
        self.follows_every_case().await;
        self.hands_out_and_counts_paper().await;
        self.clears_everything().await;
        self.closes().await;
    }

    fn path(&self, end: &str) -> String {
        format!("{}{end}", self.incident)
    }

    async fn declares(&mut self) {
        let places: Vec<&str> =
            if self.all { vec!["All 12 sites"] } else { self.sites.iter().map(|(_, name)| *name).collect() };
        let desk = &mut self.desk;
        desk.seats("ada").await;
        desk.opens("/incidents").await;
        desk.follows("Declare downtime").await;
        desk.follows("Endpoint outage").await;
        desk.looks("declare").await;
        let said = desk.is_refused("Declare downtime", &[]).await;
        assert!(!said.is_empty());
        let mut entries = vec![
            Types("What do you know", "Help desk, then two wards"),
            Ticks("Several sites or all; patient care is affected"),
            Types("Suspected cause", "vendor update, not a cyberattack"),
        ];
        if !self.all {
            entries.push(Unticks("All 12 sites"));
        }
        entries.extend(places.into_iter().map(Ticks));
        desk.sends("Declare downtime", &entries).await;
        self.incident = desk.at().await;
        assert!(self.incident.starts_with("/incidents/0"), "{}: {}", self.incident, desk.text().await);
        desk.looks("board").await;
        for (site, name) in self.sites.clone() {
            let text = self.status(site).await;
            assert!(text.contains("DO NOT LOG IN") && text.contains("LEAVE OFF"), "{name}: {text}");
        }
        self.desk.looks("public-down").await;
    }

    async fn tells(&mut self, template: &str, supersedes: bool) {
        let (new, lists) = (self.path("/broadcasts/new"), self.path("/broadcasts"));
        let file = staff_list(&self.sites);
        let desk = &mut self.desk;
        desk.seats("bea").await;
        desk.opens(&lists).await;
        let list = if supersedes { "On duty, later" } else { "On duty" };
        desk.sends(
            "Add the list",
            &[Types("Name of the list", list), Attaches("CSV file", "night.csv", file.as_bytes())],
        )
        .await;
        desk.opens(&new).await;
        desk.follows(template).await;
        desk.looks("compose").await;
        let mut entries = vec![Ticks(list)];
        if supersedes {
            entries.push(Chooses("Replaces", "1"));
        }
        desk.sends("Look at it before sending", &entries).await;
        desk.looks("preview").await;
        let one = desk.at().await;
        if desk.offers("Send to").await {
            desk.sends("Send to", &[]).await;
        } else {
            desk.sends("Ask for the second look", &[]).await;
            assert!(!desk.offers("Approve and send").await, "nobody approves their own");
            desk.seats("cora").await;
            desk.opens(&one).await;
            desk.looks("second-look").await;
            desk.sends("Approve and send to", &[]).await;
        }
        desk.waits_for(&one, "units know").await;
        desk.looks("sent").await;
    }

    async fn cancels(&mut self) {
        let (schedules, today) = (self.path("/schedule"), new_york_today());
        let file = schedule(today, &self.sites);
        let desk = &mut self.desk;
        desk.seats("ada").await;
        desk.opens(&schedules).await;
        desk.sends(
            "Upload and preview",
            &[
                Attaches("The schedule as a CSV file", "schedule.csv", file.as_bytes()),
                Types("When was it taken?", &format!("{today} 00:00")),
            ],
        )
        .await;
        desk.looks("schedule").await;
        desk.sends("Import 9 rows", &[]).await;
        desk.follows("Decide what is cancelled").await;
        desk.looks("decide").await;
        desk.sends("Cancel 5, keep 4", &[Types("On what basis?", "All elective care of the day")]).await;
    }

    async fn follows_every_case(&mut self) {
        let (cases, today) = (self.path("/cases"), new_york_today());
        let later = format!("{} 09:00", today.saturating_add(jiff::Span::new().days(14)));
        let desk = &mut self.desk;
        desk.seats("dev").await;
        desk.opens(&format!("{cases}?show=cancelled")).await;
        desk.looks("patients").await;
        let cancelled = one_case_each(desk.links("/cases/").await);
        assert_eq!(cancelled.len(), 5, "{cancelled:?}");
        for case in &cancelled {
            desk.opens(case).await;
            desk.follows("Log a call").await;
            desk.sends("Log this try", &[Ticks("Told")]).await;
            desk.opens(case).await;
            desk.follows("New date").await;
            desk.sends(
                "Book this date",
                &[Types("New date and time", &later), Ticks("The patient knows this date")],
            )
            .await;
            desk.opens(case).await;
            desk.follows("Seen").await;
            desk.sends("Mark as seen", &[]).await;
        }
        desk.looks("case").await;
        self.ends_the_day(today).await;
        self.desk.opens(&cases).await;
        let text = self.desk.text().await;
        assert!(text.contains("Seen 5"), "{text}");
        self.desk.looks("patients-seen").await;
    }

    /// The end-of-day list of each site that kept something.
    async fn ends_the_day(&mut self, today: Date) {
        let done = self.path("/cases/done");
        let kept = BOOKINGS.iter().enumerate().filter(|(_, (.., kept))| *kept);
        let sites: BTreeSet<&str> = kept.map(|(number, _)| self.sites[number % self.sites.len()].1).collect();
        for site in sites {
            self.desk.opens(&done).await;
            let entries = [Chooses("Site", site), Types("Day", &today.to_string())];
            self.desk.sends("Mark all others as done", &entries).await;
        }
    }

    async fn hands_out_and_counts_paper(&mut self) {
        let forms = self.path("/forms");
        let preparing = self.path("/entry/prepare");
        let desk = &mut self.desk;
        desk.seats("eli").await;
        desk.opens(&forms).await;
        desk.follows("Hand out").await;
        desk.sends(
            "Hand out",
            &[
                Chooses("Form", "MAR"),
                Chooses("To which unit?", "Cape, 4 West"),
                Types("How many sheets?", "40"),
                Types("First serial", "1001"),
            ],
        )
        .await;
        desk.opens(&forms).await;
        desk.looks("paper-out").await;
        desk.follows("Count forms back").await;
        desk.sends(
            "Count",
            &[
                Chooses("Form", "MAR"),
                Types("Used", "1001-1006"),
                Types("Blank", "1007-1038"),
                Types("Voided", "1039"),
                Types("Why were sheets voided?", "Torn"),
                Chooses("Unit", "Cape, 4 West"),
                Ticks("This is everything the unit has"),
            ],
        )
        .await;
        desk.opens(&forms).await;
        assert!(desk.text().await.contains("1 missing"), "{}", desk.text().await);
        desk.looks("paper-missing").await;
        desk.follows("Count forms back").await;
        desk.sends("Count", &[Chooses("Form", "MAR"), Types("Used", "1040")]).await;
        let used = [Chooses("Form", "MAR"), Types("Serials", "1001-1006 1040")];
        let of_one = |number| format!("{}, 0012345", Serial::new("cape", "4w", "MAR", number));
        let whose: Vec<String> = (1001..=1006).chain([1040]).map(of_one).collect();
        desk.opens(&preparing).await;
        desk.sends("Keep this", &[Types("Or many at once", &whose.join("\n"))]).await;
        desk.opens(&forms).await;
        desk.follows("Type in").await;
        desk.sends("These are typed in", &used).await;
        desk.opens(&forms).await;
        desk.follows("Verify").await;
        let said = desk.is_refused("Verified by me", &used).await;
        assert!(said.contains("typed"), "{said}");
        desk.seats("fay").await;
        desk.opens(&forms).await;
        desk.follows("Verify").await;
        desk.sends("Verified by me", &used).await;
        desk.opens(&forms).await;
        assert!(desk.text().await.contains("Nothing is missing and nothing waits."), "{}", desk.text().await);
    }

    async fn clears_everything(&mut self) {
        let ladder = self.path("/clearance");
        self.desk.seats("cio").await;
        self.desk.opens(&ladder).await;
        self.desk.looks("clearance").await;
        let scopes = self.desk.links("/clearance/").await;
        assert!(scopes.len() >= self.sites.len(), "{scopes:?}");
        for scope in &scopes {
            self.desk.seats("cio").await;
            self.restores(scope).await;
            self.desk.seats("ada").await;
            self.desk.opens(scope).await;
            assert!(!self.desk.offers("Release").await, "nothing is released before it is signed: {scope}");
            for signer in SIGNERS {
                self.signs(scope, signer).await;
            }
            self.desk.seats("ada").await;
            self.desk.opens(scope).await;
            self.desk.sends("Release", &[]).await;
        }
        self.desk.looks("all-clear").await;
        for (site, name) in self.sites.clone() {
            let text = self.status(site).await;
            assert!(!text.contains("DO NOT LOG IN") && !text.contains("LEAVE OFF"), "{name}: {text}");
        }
        self.desk.looks("public-clear").await;
    }

    /// A scope is restored and every piece of its evidence is given.
    async fn restores(&mut self, scope: &str) {
        let desk = &mut self.desk;
        desk.opens(scope).await;
        desk.sends("Mark restored, IT only", &[]).await;
        let mut pieces = 0;
        while desk.counts("details[open] select[name=piece]").await > 0 {
            desk.sends("Passed", &[Types("What was seen", "20 of 20 match")]).await;
            pieces += 1;
            assert!(pieces < 20, "evidence without end: {}", desk.text().await);
        }
    }

    async fn signs(&mut self, scope: &str, signer: &str) {
        let desk = &mut self.desk;
        desk.seats(signer).await;
        desk.opens(scope).await;
        let mut signed = String::new();
        while desk.offers("Sign for").await {
            desk.sends("Sign for", &[Types("Your password", PASSWORD)]).await;
            let _ = write!(signed, "{signer} ");
            assert!(signed.len() < 200, "signatures without end: {}", desk.text().await);
        }
    }

    async fn closes(&mut self) {
        let (ladder, close) = (self.path("/clearance"), self.path("/close"));
        self.desk.seats("ada").await;
        self.desk.opens(&ladder).await;
        for scope in self.desk.links("/clearance/").await {
            self.desk.opens(&scope).await;
            if self.desk.offers("Back-entry is complete").await {
                self.desk.sends("Back-entry is complete", &[]).await;
            }
        }
        self.desk.opens(&close).await;
        assert_eq!(self.desk.heading().await, "Nothing keeps this incident open.");
        self.desk.looks("close").await;
        self.desk
            .sends("Close this incident", &[Types("On what basis", "All is back, all paper is filed")])
            .await;
        self.desk.looks("closed").await;
        for (site, name) in self.sites.clone() {
            let text = self.status(site).await;
            assert!(text.contains("No downtime is declared here."), "{name}: {text}");
        }
    }

    /// What a site's public page says.
    async fn status(&mut self, site: &str) -> String {
        self.desk.opens(&format!("/status/{site}")).await;
        self.desk.text().await
    }
}

/// The paths of cases, without what is chosen on their pages.
fn one_case_each(links: Vec<String>) -> Vec<String> {
    let mut cases: Vec<String> = Vec::new();
    for link in links {
        let last = link.rsplit('/').next().unwrap_or_default();
        if last.len() == 36 && !cases.contains(&link) {
            cases.push(link);
        }
    }
    cases
}
