//! Local accounts: sessions, tokens, the first administrator, and cards for first use.

pub mod changes;
mod doorkeeper;
pub mod store;
pub mod tokens;
pub mod web;

use domain::{
    Refusal,
    accounts::{self as words, AccountMade, FirstUse, NewAccount, SetUp, SignIn, SignedInAs},
    actor::{Actor, Grant, Role},
    field::{FieldErrors, Text},
    id::AccountId,
    scope::Place,
    time::{Timestamp, Zone},
};
pub use doorkeeper::Doorkeeper;
use doorkeeper::Trier;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Error, Tx,
        journal::{self, By, Chain, Say},
    },
};

/// How long a session lasts.
const SESSION_MINUTES: i64 = 12 * 60;
/// How long a card may lie in its envelope.
pub const CARD_MINUTES: i64 = 365 * 24 * 60;

/// A session that has begun: its secret goes into the cookie, its hash into the database.
#[derive(Debug, Clone)]
pub struct Session {
    pub secret: String,
    pub who: SignedInAs,
}

/// Signs in with login and password.
///
/// # Errors
/// The same refusal for an unknown login and a wrong password, after the same time; a refusal that says how long
/// to wait after too many tries.
pub async fn sign_in(app: &App, form: &SignIn, from: &str) -> Result<Session, Failure> {
    let login = form.login.trimmed().to_lowercase();
    let trier = Trier::new(&login, from);
    app.doorkeeper.may_try(trier)?;
    let mut tx = app.db.read().await?;
    let account = store::by_login(&mut tx, &login).await?;
    drop(tx);
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let fits = app.doorkeeper.verify(app, trier, form.password.0.clone(), hash).await?;
    let account = account.filter(|account| fits && account.disabled_at.is_none());
    let Some(account) = account else {
        return Err(Refusal::new("wrong-sign-in", "This name and password do not belong together.").into());
    };
    begin_session(app, AccountId(account.id), &account.name).await
}

/// Whether the person of a session or token is there now, by their password: for what a signature means, a browser
/// left open is not enough.
///
/// # Errors
/// When the password is missing or wrong, or there were too many wrong ones.
pub async fn is_there(app: &App, actor: &Actor, password: &Text) -> Result<(), Failure> {
    if password.0.is_empty() {
        return Err(FieldErrors::one("password", "Type your password: it signs.").into());
    }
    let own = actor.account.to_string();
    let trier = Trier::new(&own, &own);
    app.doorkeeper.may_try(trier)?;
    let mut tx = app.db.read().await?;
    let account = store::by_id(&mut tx, actor.account).await?;
    drop(tx);
    let hash =
        account.filter(|account| account.disabled_at.is_none()).and_then(|account| account.password_hash);
    if app.doorkeeper.verify(app, trier, password.0.clone(), hash).await? {
        return Ok(());
    }
    Err(FieldErrors::one("password", "This is not your password.").into())
}

/// Signs out: the session is gone at once, everywhere.
pub async fn sign_out(app: &App, session: [u8; 32]) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    store::end_session(&mut tx, &session).await?;
    tx.commit().await?;
    app.streams.end_of(session);
    Ok(())
}

/// The account of a session cookie, with the hash under which the session is kept.
pub async fn by_session(app: &App, secret: &str) -> Result<Option<(Actor, [u8; 32])>, Error> {
    let hash = hash_secret(secret);
    let found = store::of_session(&mut app.db.glance().await?, &hash, app.clock.now()).await?;
    Ok(found.map(|actor| (actor, hash)))
}

/// The account of a bearer token.
pub async fn by_token(app: &App, secret: &str) -> Result<Option<Actor>, Error> {
    store::of_token(&mut app.db.glance().await?, &hash_secret(secret), app.clock.now()).await
}

/// The secret of the one-time link for the first administrator; `None` once there is an account.
pub async fn setup_secret(app: &App) -> Result<Option<String>, Error> {
    let mut tx = app.db.read().await?;
    Ok(store::is_empty(&mut tx).await?.then(|| app.doorkeeper.setup_secret().to_owned()))
}

/// Makes the first administrator and names the organisation.
///
/// # Errors
/// When the link was used before, is not the printed one, or a field cannot be used.
pub async fn set_up(app: &App, form: &SetUp) -> Result<Session, Failure> {
    if !app.doorkeeper.is_setup_secret(form.secret.trimmed()) {
        let sentence =
            "This link is not the one the program printed. Look at its last start for the right one.";
        return Err(Refusal::new("setup-link", sentence).into());
    }
    let mut errors = FieldErrors::default();
    let organisation =
        errors.required("organisation", &form.organisation, 80, "Say what your hospital is called.");
    let zone = errors.keep("zone", Zone::named(form.zone.trimmed()));
    let login = words::check_login(&mut errors, &form.login);
    let name = errors.required("name", &form.name, 80, "Write your name.");
    words::check_password(&mut errors, &form.password);
    errors.into_result()?;
    let (Some(organisation), Some(zone), Some(login), Some(name)) = (organisation, zone, login, name) else {
        return Err(Failure::Broken("a field without an error has no value".into()));
    };
    let password_hash = app.doorkeeper.hash(app, form.password.0.clone()).await?;
    let account: AccountId = app.clock.id();
    let mut decision = journal::begin_unasked(app, account, Chain::Installation).await?;
    if !store::is_empty(&mut decision.tx).await? {
        return Err(Refusal::new("already-set-up", "There is an administrator already; sign in.")
            .with_link("/sign-in")
            .into());
    }
    store::name_installation(&mut decision.tx, &organisation, zone.name(), decision.at).await?;
    let row =
        store::NewRow { id: account, login: &login, name: &name, kind: "person", created_at: decision.at };
    store::insert(&mut decision.tx, &row).await?;
    store::set_password(&mut decision.tx, account, &password_hash).await?;
    let grants = [Role::Administrator, Role::Commander].map(|role| Grant {
        role,
        place: Place::All,
        signs_as: String::new(),
    });
    store::grant(&mut decision.tx, account, &grants).await?;
    decision.append(app, said(account, "account.first_administrator", &grants)).await?;
    decision.commit(app, &()).await?;
    begin_session(app, account, &name).await
}

/// Refuses who does not administer all sites.
///
/// # Errors
/// [`Failure::Forbidden`], with a sentence that says whom to ask.
pub fn must_administer_everything(actor: &Actor) -> Result<(), Failure> {
    if actor.administers_everything() {
        return Ok(());
    }
    let sentence = "This concerns all sites: ask an administrator whose role is for all sites.";
    Err(Failure::Forbidden(sentence.into()))
}

/// An administrator gives roles where they administer, and nowhere else.
async fn may_give(tx: &mut Tx, actor: &Actor, grants: &[Grant]) -> Result<(), Failure> {
    let places = places::lattice(tx).await?;
    if grants.iter().all(|grant| actor.can(Role::Administrator, grant.place, &places)) {
        return Ok(());
    }
    let sentence = "You may give roles at your own sites only; ask an administrator of the other sites.";
    Err(Failure::Forbidden(sentence.into()))
}

/// Makes an account with its grants and a one-time code for its card.
///
/// # Errors
/// When a role reaches further than the administrator's own, the login is taken or a field cannot be used.
pub async fn create(app: App, by: By, form: NewAccount) -> Result<AccountMade, Failure> {
    let mut errors = FieldErrors::default();
    let login = words::check_login(&mut errors, &form.login);
    let name = errors.required("name", &form.name, 80, "Write the person's or the program's name.");
    let grants = words::read_grants(&mut errors, &form.grants, &form.roles, &form.place, &form.signs_as);
    errors.into_result()?;
    let (login, name) = (login.unwrap_or_default(), name.unwrap_or_default());
    let mut decision = begin!(&app, &by, Chain::Installation);
    may_give(&mut decision.tx, &by.actor, &grants).await?;
    let account: AccountId = app.clock.id();
    if store::by_login(&mut decision.tx, &login).await?.is_some() {
        return Err(FieldErrors::one("login", "This login name is taken.").into());
    }
    let program = form.program.is_yes();
    let kind = if program { "program" } else { "person" };
    let row = store::NewRow { id: account, login: &login, name: &name, kind, created_at: decision.at };
    store::insert(&mut decision.tx, &row).await?;
    store::grant(&mut decision.tx, account, &grants).await?;
    let mut code = String::new();
    if !program {
        code = card_code(&app);
        let until = decision.at.plus_minutes(CARD_MINUTES);
        store::set_first_use(&mut decision.tx, account, &hash_secret(&code), until).await?;
    }
    decision.append(&app, said(account, "account.created", &grants)).await?;
    // The code is shown once; a repeat of the request does not show it again.
    let mut made = AccountMade { account, login, first_use_code: String::new() };
    decision.commit(&app, &made).await?;
    made.first_use_code = code;
    Ok(made)
}

/// Uses a card: sets the password and signs in.
///
/// # Errors
/// One refusal for every card that does not fit.
pub async fn first_use(app: &App, form: &FirstUse, from: &str) -> Result<Session, Failure> {
    let login = form.login.trimmed().to_lowercase();
    let trier = Trier::new(&login, from);
    app.doorkeeper.may_try(trier)?;
    let mut errors = FieldErrors::default();
    words::check_password(&mut errors, &form.password);
    errors.into_result()?;
    let password_hash = app.doorkeeper.hash(app, form.password.0.clone()).await?;
    let code = form.code.trimmed().replace(['-', ' '], "").to_uppercase();
    let mut tx = app.db.read().await?;
    let account = store::by_login(&mut tx, &login).await?;
    drop(tx);
    let refuse = || {
        app.doorkeeper.count_failure(trier);
        Refusal::new("wrong-card", "This card does not fit this name, or was used before.")
    };
    let account = account.filter(|account| account.disabled_at.is_none()).ok_or_else(refuse)?;
    let id = AccountId(account.id);
    let mut decision = journal::begin_unasked(app, id, Chain::Installation).await?;
    if !store::use_card(&mut decision.tx, id, &hash_secret(&code), decision.at).await? {
        return Err(refuse().into());
    }
    store::set_password(&mut decision.tx, id, &password_hash).await?;
    decision.append(app, said(id, "account.first_used", &[])).await?;
    decision.commit(app, &()).await?;
    begin_session(app, id, &account.name).await
}

/// A one-time code of twelve characters without those that look alike, as `K7RM-4QX2-9HTW`. About 58 bits.
pub fn card_code(app: &App) -> String {
    const ALPHABET: &[u8; 29] = b"ABCDEFGHJKMNPQRTUVWXY23456789";
    let mut code = String::with_capacity(12);
    while code.len() < 12 {
        // Only bytes below the largest multiple of 29 are taken, so that every character is as likely.
        let [byte] = app.clock.bytes::<1>();
        if usize::from(byte) < 256 / ALPHABET.len() * ALPHABET.len() {
            code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        }
    }
    code
}

/// SHA-256 of a secret with enough chance of its own to need no salt.
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

async fn begin_session(app: &App, account: AccountId, name: &str) -> Result<Session, Failure> {
    let secret = hex::encode(app.clock.bytes::<32>());
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    store::begin_session(&mut tx, &hash_secret(&secret), account, now, now.plus_minutes(SESSION_MINUTES))
        .await?;
    let grants = store::grants(&mut tx, account).await?;
    tx.commit().await?;
    let mut roles: Vec<Role> = grants.iter().map(|grant| grant.role).collect();
    roles.sort_unstable();
    roles.dedup();
    Ok(Session { secret, who: SignedInAs { account, name: name.to_owned(), roles } })
}

fn said(account: AccountId, kind: &'static str, grants: &[Grant]) -> Say<'static> {
    let grants: Vec<_> = grants
        .iter()
        .map(|grant| json!({ "role": grant.role.code(), "place": grant.place, "signs_as": grant.signs_as }))
        .collect();
    Say { kind, subject: format!("account:{account}"), data: json!({ "grants": grants }), ..Say::default() }
}

/// The installation's name and zone.
#[derive(Debug, Clone)]
pub struct InstallationRow {
    pub name: String,
    pub zone: String,
    pub set_up_at: Option<Timestamp>,
}

impl InstallationRow {
    /// The command room's zone; UTC until the hospital is set up.
    pub fn zone(&self) -> Zone {
        Zone::named(&self.zone).unwrap_or(Zone::utc())
    }
}
