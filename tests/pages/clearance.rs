//! Orders and the way back as pages without JavaScript: what is typed stays, and every act is a form that is there.

use acceptance::{PASSWORD, Person, both_databases};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};

both_databases! {
    async fn an_order_is_issued_from_its_form_and_read_on_the_public_page(world: World) {
        world.harbor().await;
        let mut commander = world.person(&[Role::Commander]).await;
        let incident = declared(&mut commander).await;
        let page = commander.opens(&format!("{incident}/instructions")).await;
        assert_eq!(page.heading(), "No order is in force.");
        let filled = page
            .form("Issue order")
            .chooses("System", "Epic production")
            .chooses("What people may or may not do", "DO NOT LOG IN")
            .types("What to do instead", "All clear! Use paper.");
        let again = commander.is_refused(&filled, "Issue order").await;
        assert!(again.error_at("instead").is_some_and(|said| said.contains("All clear")), "{}", again.text());
        let form = again.form("Issue order");
        assert_eq!(form.value("instead"), Some("All clear! Use paper."), "what was typed stays");
        let after = commander.presses(&form.types("What to do instead", "Use paper."), "Issue order").await;
        assert_eq!(after.heading(), "Epic production: DO NOT LOG IN at the one site.");
        let public = world.stranger().opens("/status/cape").await;
        assert!(public.says("DO NOT LOG IN") && public.says("Use paper."), "{}", public.text());
    }

    async fn a_scope_is_restored_signed_and_released_by_pressing_what_the_page_offers(world: World) {
        world.harbor().await;
        let mut commander = world.person(&[Role::Commander]).await;
        let incident = declared(&mut commander).await;
        let ladder = commander.opens(&format!("{incident}/clearance")).await;
        assert_eq!(ladder.heading(), "0 of 1 scopes clear.");
        let scope = ladder.link("Cape, Epic production");
        let page = commander.opens(&scope).await;
        let page = commander.presses(&page.form("Mark restored"), "Mark restored").await;
        let page = commander.presses(&page.form("Passed").types("What was seen", "20 of 20 match"), "Passed").await;
        assert!(page.says("20 of 20 match") && page.says("I attest that Epic production at Cape may be used again."));
        for title in ["cio", "cmio"] {
            let grant = Grant { role: Role::Signer, place: Place::All, signs_as: title.to_owned() };
            let (_, mut signer) = world.person_with(&[grant]).await;
            let page = signer.opens(&scope).await;
            assert!(page.heading().contains("1 waits for you"), "{}", page.heading());
            let again = signer.is_refused(&page.form("Sign for").types("Your password", "a guess"), "Sign for").await;
            assert!(again.error_at("password").is_some_and(|said| said.ends_with("This is not your password.")));
            assert!(!again.text().contains("a guess"), "a password never comes back");
            signer.presses(&page.form("Sign for").types("Your password", PASSWORD), "Sign for").await;
        }
        let page = commander.opens(&scope).await;
        let page = commander.presses(&page.form("Release"), "Release").await;
        assert_eq!(page.heading(), "1 of 1 scopes clear.");
        assert!(world.stranger().opens("/status/cape").await.says("USE"));
        let page = commander.opens(&format!("{incident}/close")).await;
        assert_eq!(page.heading(), "Nothing keeps this incident open.");
        let basis = page.form("Close this incident").types("On what basis", "Everything is back");
        commander.presses(&basis, "Close this incident").await;
    }

    async fn the_page_for_closing_counts_what_is_in_the_way(world: World) {
        world.harbor().await;
        let mut commander = world.person(&[Role::Commander]).await;
        let incident = declared(&mut commander).await;
        let page = commander.opens(&format!("{incident}/close")).await;
        assert_eq!(page.heading(), "1 thing keeps this incident open.");
        assert!(page.says("Epic production at Cape: not restored") && page.says("This cannot be waived."));
    }
}

/// Epic is down at Cape; declared by this person, who commands: the incident's path.
async fn declared(commander: &mut Person) -> String {
    let page = commander.opens("/incidents/declare").await;
    let form = page
        .form("Declare downtime")
        .types("Name of this downtime", "Outage")
        .types("What do you know", "Help desk")
        .ticks("Cape")
        .chooses("Epic production", "down");
    commander.presses(&form, "Declare downtime").await;
    commander.at.clone()
}
