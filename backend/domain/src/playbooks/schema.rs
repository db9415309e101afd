//! The JSON Schema of a playbook file, which lets an editor complete names and mark mistakes while typing.

use super::Playbook;

/// The schema as indented JSON, as it lies in `playbooks/playbook.schema.json`.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Playbook);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run with `WRITE_SCHEMA=1` to write the file after a change of the types.
    #[test]
    fn the_schema_file_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../playbooks/playbook.schema.json");
        if option_env!("WRITE_SCHEMA").is_some() {
            std::fs::write(path, json_schema()).expect("the folder can be written");
        }
        let on_disk = std::fs::read_to_string(path).expect("the schema file is there");
        assert!(
            on_disk == json_schema(),
            "run: WRITE_SCHEMA=1 cargo test -p domain the_schema_file_is_current"
        );
    }
}
