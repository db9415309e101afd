//! One way to write a playbook down, so that its fingerprint says whether two versions are the same, whatever the
//! order, spacing and comments of their files.

use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Playbook;

/// SHA-256 of the canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// JSON with sorted keys and no white space.
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            let fields: Vec<_> = fields
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical_json(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical_json).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

impl Playbook {
    /// The text that is frozen into an incident.
    pub fn canonical(&self) -> String {
        canonical_json(&serde_json::to_value(self).expect("a playbook is texts, numbers, lists and tables"))
    }

    /// What tells this version from every other one.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.canonical()).into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [{"z": 1, "a": "\"x\""}], "a": null});
        assert_eq!(canonical_json(&value), r#"{"a":null,"b":[{"a":"\"x\"","z":1}]}"#);
    }
}
