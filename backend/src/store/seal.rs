//! What belongs to a patient is kept only encrypted: each patient has a key, and the installation's key, which
//! lies in a file outside the database, wraps them all. Erasing one wrapped key erases one patient, also from
//! every backup of the database, without touching the log.
//!
//! Record numbers are looked up by a keyed hash, so that the database alone does not tell who is in it.

use std::path::{Path, PathBuf};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sqlx::types::Uuid;

use super::{Error, Tx};
use crate::{app::App, failure::Failure, fetch_one};

/// The key of one patient.
pub type PatientKey = [u8; 32];

/// The installation's key, ready for use.
pub struct Seal {
    wrap: [u8; 32],
    lookup: [u8; 32],
}

/// Where the installation's key lies under a data folder.
pub fn key_file(data: &Path) -> PathBuf {
    data.join("keys").join("patients.key")
}

const PATIENTS: &str = "
    SELECT (SELECT COUNT(*) FROM patient) + (SELECT COUNT(*) FROM check_line) + (SELECT COUNT(*) FROM standing_part)";

impl Seal {
    /// Reads the key file; the first use makes it.
    ///
    /// # Errors
    /// When the file is missing although patients are kept, or cannot be read or written.
    pub async fn open(app: &App, tx: &mut Tx) -> Result<Self, Failure> {
        let path = key_file(&app.config.data);
        let said = |error: std::io::Error| {
            Failure::Broken(format!("the key file {} cannot be used: {error}", path.display()))
        };
        let master = match tokio::fs::read_to_string(&path).await {
            Ok(text) => decode(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if fetch_one!(tx, (i64,), PATIENTS)?.0 > 0 {
                    return Err(Failure::Broken(format!(
                        "the key file {} is missing; restore it from its backup to read patients",
                        path.display()
                    )));
                }
                if let Some(folder) = path.parent() {
                    tokio::fs::create_dir_all(folder).await.map_err(said)?;
                }
                write_new(&path, &hex::encode(app.clock.bytes::<32>())).map_err(said)?;
                // Another process may have been first; what lies there now is the key.
                decode(&tokio::fs::read_to_string(&path).await.map_err(said)?)?
            }
            Err(error) => return Err(said(error)),
        };
        Ok(Self { wrap: derive(&master, b"wrap"), lookup: derive(&master, b"mrn") })
    }

    /// The keyed hash under which a record number is found.
    pub fn lookup(&self, mrn: &str) -> [u8; 32] {
        derive(&self.lookup, mrn.as_bytes())
    }

    /// The key of the hashes by which a name and a birth date are found.
    pub fn search(&self) -> [u8; 32] {
        derive(&self.lookup, b"search")
    }

    /// The key of files that prove evidence: a photograph of a screen shows patients.
    pub fn files(&self) -> [u8; 32] {
        derive(&self.wrap, b"files")
    }

    /// The key of lists that are compared: what they name may be patients.
    pub fn lists(&self) -> [u8; 32] {
        derive(&self.wrap, b"lists")
    }

    /// The key of schedules that came in before an incident.
    pub fn schedules(&self) -> [u8; 32] {
        derive(&self.wrap, b"schedules")
    }

    /// The keyed hash under which the header of a schedule is known: in a file without a header, the first row is a
    /// patient.
    pub fn header(&self, shape: &str) -> [u8; 32] {
        derive(&derive(&self.wrap, b"headers"), shape.as_bytes())
    }

    /// The keyed hash of what a message says: the contents alone would tell who guesses them right.
    pub fn report(&self, said: &[u8]) -> [u8; 32] {
        derive(&derive(&self.wrap, b"reports"), said)
    }

    /// A patient's key as the database keeps it.
    pub fn wrap(&self, app: &App, patient: Uuid, key: &PatientKey) -> Vec<u8> {
        seal(app, &self.wrap, patient, key)
    }

    /// A patient's key.
    ///
    /// # Errors
    /// When it was wrapped by another installation's key.
    pub fn unwrap(&self, patient: Uuid, wrapped: &[u8]) -> Result<PatientKey, Error> {
        let plain = unseal(&self.wrap, patient, wrapped)?;
        plain.try_into().map_err(|_| Error::Corrupt("a patient's key is not 32 bytes".into()))
    }
}

/// Encrypts a text that belongs to `of`, and can be read only as that.
pub fn seal(app: &App, key: &[u8; 32], of: Uuid, plain: &[u8]) -> Vec<u8> {
    let nonce = app.clock.bytes::<24>();
    let payload = Payload { msg: plain, aad: of.as_bytes() };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), payload)
        .expect("a text in memory is shorter than the cipher's limit");
    [&nonce[..], &sealed].concat()
}

/// Decrypts what [`seal`] made.
///
/// # Errors
/// When it was altered, belongs to something else, or was made with another key.
pub fn unseal(key: &[u8; 32], of: Uuid, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let broken = || Error::Corrupt(format!("what is kept encrypted for {of} cannot be read with this key"));
    let (nonce, text) = sealed.split_at_checked(24).ok_or_else(broken)?;
    let payload = Payload { msg: text, aad: of.as_bytes() };
    XChaCha20Poly1305::new(key.into()).decrypt(XNonce::from_slice(nonce), payload).map_err(|_| broken())
}

fn derive(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

fn decode(text: &str) -> Result<[u8; 32], Failure> {
    let key = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| Failure::Broken("the key file of patients does not hold 64 hexadecimal digits".into()))
}

/// Writes the key for the owner alone, without replacing one that is there.
fn write_new(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
