//! Playbooks: taken in at start, in force only when a person has approved them.

use acceptance::both_databases;
use domain::actor::Role;
use serde_json::json;

both_databases! {
    async fn an_approved_playbook_is_in_force_and_an_unapproved_one_declares_nothing(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator, Role::Commander]).await;
        let list = administrator.reads("/playbooks").await;
        let lines = list["playbooks"].as_array().expect("is a list");
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line["standing"] == "waiting"), "{list}");
        let endpoint = lines.iter().find(|line| line["key"] == "endpoint-crash").expect("is built in");
        assert_eq!(endpoint["version"], 7);
        let declaration = json!({
            "playbook": "endpoint-crash", "places": ["all"], "level": "3", "started_at": "2024-07-19 00:40",
            "basis": "Service desk: 40 calls in 10 minutes"
        });
        administrator.is_refused("/incidents", &declaration, 422).await;

        let path = format!("/playbooks/{}/approve", endpoint["fingerprint"].as_str().expect("is a text"));
        assert_eq!(administrator.does(&path, json!({})).await["version"], 7);
        administrator.does("/incidents", &declaration).await;
        let refused = administrator.is_refused(&path, json!({}), 422).await;
        assert_eq!(refused["type"], "not-newer");
    }

    async fn a_version_is_shown_in_full_and_only_administrators_approve(world: World) {
        let viewer = world.program(&[Role::Viewer]).await;
        let list = viewer.reads("/playbooks").await;
        let path = format!("/playbooks/{}", list["playbooks"][0]["fingerprint"].as_str().expect("is a text"));
        let shown = viewer.reads(&path).await;
        assert!(!shown["playbook"]["tasks"].as_array().expect("is a list").is_empty());
        viewer.is_refused(&format!("{path}/approve"), json!({}), 403).await;
        let page = world.person(&[Role::Administrator]).await.opens(&path).await;
        assert!(page.says("What stands before an all clear"));
    }
}

#[test]
fn playbook_check_names_file_line_field_and_expected() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("bad.toml");
    let (_, good) = domain::playbooks::SHIPPED[1];
    std::fs::write(&path, good.replacen("due_minutes = 0", "due_minutes = -1", 1)).expect("can be written");
    let line = good.lines().position(|line| line == "due_minutes = 0").expect("is there") + 1;
    let mistakes = backend::playbooks::check(std::slice::from_ref(&path)).expect("can be read");
    let expected = format!("{}:{line}: tasks[1].due_minutes: ", path.display());
    assert!(mistakes[0].to_string().starts_with(&expected), "{}", mistakes[0]);
    assert!(backend::playbooks::check(&[]).expect("are built in").is_empty());
}
