//! Two servers on one PostgreSQL look into the folder of the nightly export: it is taken once, also when one of them
//! dies, and the downtime is offered it through whichever is still there.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use acceptance::{
    Kind, Program, RealServer,
    cast::{list, text},
};
use serde_json::{Value, json};

/// A file comes to rest, is looked at every five seconds, and the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

const ROWS: &str = "Appt ID,MRN,Patient Name,Type,Hospital,Start Time\n\
                    A1,0000001,Doe Jane,visit,Cape,2031-07-19 15:00\nA2,0000002,Roe Jim,visit,Cape,2031-07-19 16:00\n";

async fn here(program: &Program, wanted: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let page = program.reads("/schedules").await;
        let schedules = list(&page["schedules"]).clone();
        if schedules.len() == wanted {
            return schedules;
        }
        assert!(began.elapsed() < PATIENCE, "{page}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Every server of one database needs the same key.
fn gives_key(server: &RealServer) {
    let keys = server.data().join("keys");
    std::fs::create_dir_all(&keys).expect("the folder is ours");
    std::fs::write(keys.join("patients.key"), "5a".repeat(32)).expect("the folder is ours");
}

fn lays(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the folder is ours");
}

#[tokio::test]
async fn two_servers_take_each_nights_file_once_and_the_other_goes_on_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().to_str().expect("is a text").to_owned();
    let mut first = RealServer::prepare(Kind::Postgres, &[("schedule-folder", &path)]).await;
    first.put_harbor().await;
    gives_key(&first);
    first.launch();
    let administrator = first.set_up().await;
    let mut second = first.beside();
    gives_key(&second);
    second.launch();
    let sign_in = json!({ "login": "root", "password": "a long enough password" });
    let answer = second.program().posts("/sign-in", sign_in).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    let through_second = second.program().with_cookie(&cookie);

    lays(folder.path(), "night_20240718_2350.csv", ROWS);
    // Yesterday's night is older than two weeks by now: it is left alone, and said so.
    lays(folder.path(), "night.csv", ROWS);
    let seen = here(&administrator, 1).await;
    assert_eq!((&seen[0]["file_name"], &seen[0]["figures"]["valid"]), (&json!("night.csv"), &json!(2)));
    assert_eq!(here(&through_second, 1).await[0]["id"], seen[0]["id"]);

    first.kill();
    lays(folder.path(), "next.csv", &ROWS.replace("A2", "A3"));
    here(&through_second, 2).await;
    first.launch();
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(here(&administrator, 2).await.len(), 2, "a restart takes nothing twice");
    let log = administrator.asks("/log.ndjson").await.expect(200);
    assert_eq!(log.text().matches("standing.kept").count(), 2, "{}", log.text());
    assert!(!log.text().contains("Doe"), "{}", log.text());

    let form =
        json!({ "name": "Outage", "basis": "Cape called", "places": ["all"], "systems": ["epic:down"] });
    let declared = through_second.does("/incidents", form).await;
    let incident = format!("/incidents/{}", text(&declared["incident"]));
    let offer = through_second.reads(&format!("{incident}/cases")).await["offer"].clone();
    let best = offer["best"]["schedule"].clone();
    // What one server has encrypted, the other one reads.
    for program in [&through_second, &administrator] {
        let used = program.does(&format!("{incident}/schedule/use"), json!({ "schedule": best })).await;
        assert_eq!(used["added"], 2, "{used}");
    }
    second.end().await;
    first.end().await;
}
