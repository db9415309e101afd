//! Playbooks: loaded from the built-in ones or from a folder, approved by a person, frozen into an incident
//! (rule 14).

pub mod store;
pub mod web;

use std::path::Path;

use domain::{
    Refusal,
    playbooks::{Kits, Playbook, PlaybookError, SHIPPED},
    view::playbooks::{ApprovePlaybook, PlaybookApproved},
};
use serde_json::json;

use crate::{
    accounts::must_administer_everything,
    app::App,
    begin,
    failure::Failure,
    store::{
        Error,
        journal::{By, Chain, Decision, Say},
    },
};

/// Takes in every playbook that is not known yet, from the folder of the settings or from those built in. A bad
/// file is said in the log and left out: a typing mistake must not keep the program from starting.
pub async fn load(app: &App) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    for playbook in readable(app.config.playbooks.as_deref()) {
        store::insert(&mut tx, &playbook).await?;
    }
    tx.commit().await
}

fn readable(folder: Option<&Path>) -> Vec<Playbook> {
    let Some(folder) = folder else { return domain::playbooks::shipped() };
    let files = match files_in(folder) {
        Ok(files) => files,
        Err(error) => {
            tracing::error!(folder = %folder.display(), %error, "the playbooks folder cannot be read");
            return Vec::new();
        }
    };
    let (kits, mistakes) = kits_in(folder);
    say_left_out(mistakes, "a kit was left out");
    let mut playbooks = Vec::with_capacity(files.len());
    for (file, text) in files {
        match Playbook::parse_with(&file, &text, &kits) {
            Ok(playbook) => playbooks.push(playbook),
            Err(mistakes) => say_left_out(mistakes, "a playbook was left out"),
        }
    }
    playbooks
}

fn say_left_out(mistakes: Vec<PlaybookError>, what: &str) {
    for mistake in mistakes {
        tracing::error!(%mistake, "{what}");
    }
}

/// The kits of a folder of playbooks, which lie in its folder `kits`, and those that come with the program; and what
/// is wrong with the former.
fn kits_in(folder: &Path) -> (Kits, Vec<PlaybookError>) {
    let (mut kits, mut mistakes) = (Kits::shipped().clone(), Vec::new());
    // Most folders have no kits of their own.
    for (file, text) in files_in(&folder.join("kits")).unwrap_or_default() {
        mistakes.extend(kits.read(&file, &text).err().unwrap_or_default());
    }
    (kits, mistakes)
}

/// The names and texts of all `*.toml` in a folder, by name.
fn files_in(folder: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths.into_iter().map(|path| Ok((path.display().to_string(), std::fs::read_to_string(&path)?))).collect()
}

/// What is wrong with playbook files, as the terminal prints it; the built-in ones when no file is named.
///
/// # Errors
/// The first file that cannot be read at all, as a sentence.
pub fn check(files: &[std::path::PathBuf]) -> Result<Vec<PlaybookError>, String> {
    if files.is_empty() {
        let wrong = SHIPPED.iter().filter_map(|(file, text)| Playbook::parse(file, text).err());
        return Ok(wrong.flatten().collect());
    }
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for path in files {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let (kits, of_kits) = kits_in(folder);
        if seen.insert(folder) {
            wrong.extend(of_kits);
        }
        wrong.extend(
            Playbook::parse_with(&path.display().to_string(), &text, &kits).err().unwrap_or_default(),
        );
    }
    Ok(wrong)
}

/// Approves a version: from now on it is the one in force of its playbook.
///
/// # Errors
/// When there is no such version, or an approved one that is not older.
pub async fn approve(
    app: App,
    by: By,
    (fingerprint, _): (String, ApprovePlaybook),
) -> Result<PlaybookApproved, Failure> {
    must_administer_everything(&by.actor)?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let approved = approve_in(&app, &mut decision, &fingerprint).await?;
    decision.commit(&app, &approved).await?;
    Ok(approved)
}

/// The same as a step of another decision, such as loading the demo hospital.
pub(crate) async fn approve_in(
    app: &App,
    decision: &mut Decision,
    fingerprint: &str,
) -> Result<PlaybookApproved, Failure> {
    let versions = store::all(&mut decision.tx).await?;
    let version = versions.iter().find(|row| row.fingerprint == fingerprint);
    let version = version.ok_or(Failure::NotFound("version of a playbook"))?;
    let newest = versions
        .iter()
        .filter(|row| row.code == version.code && row.approved_at.is_some())
        .map(|row| row.version)
        .max();
    if newest.is_some_and(|newest| newest >= version.version) {
        let sentence = format!(
            "Version {} of {} is approved already, and this one is not newer. Raise the version in the file.",
            newest.unwrap_or_default(),
            version.name
        );
        return Err(Refusal::new("not-newer", sentence).with_link("/playbooks").into());
    }
    store::approve(&mut decision.tx, fingerprint, decision.at, decision.account).await?;
    let say = Say {
        kind: "playbook.approved",
        subject: format!("playbook:{}", version.code),
        data: json!({ "fingerprint": fingerprint, "version": version.version }),
        ..Say::default()
    };
    decision.append(app, say).await?;
    Ok(PlaybookApproved {
        fingerprint: fingerprint.to_owned(),
        key: version.code.clone(),
        version: version.version,
    })
}
