//! The demo hospital.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{field::Text, id::RequestId};

/// The form for loading it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DemoView {
    pub request_id: RequestId,
    pub form: LoadDemo,
}

/// How large: `s`, `m` or `l`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LoadDemo {
    pub request_id: Text,
    pub size: Text,
}

/// What was loaded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DemoLoaded {
    pub facilities: usize,
    pub units: usize,
    pub staff: usize,
    pub playbooks: usize,
}
