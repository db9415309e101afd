//! Makes the browser bundle when feature `bundle` is on: frontend to wasm, bindings as a library, brotli. The
//! results lie in `OUT_DIR`, from where `web::assets` embeds them. Without the feature there is nothing to do,
//! and the same program serves plain HTML.

fn main() {
    #[cfg(feature = "bundle")]
    bundle::make();
}

#[cfg(feature = "bundle")]
mod bundle {
    use std::{
        fs,
        io::Write,
        path::{Path, PathBuf},
        process::Command,
    };

    use wasm_bindgen_cli_support::Bindgen;

    const TARGET: &str = "wasm32-unknown-unknown";
    /// The name of the files that are embedded, without the hash under which they are served.
    const NAME: &str = "app";

    pub fn make() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the backend lies in the workspace");
        for source in ["frontend/src", "frontend/Cargo.toml", "backend/domain", "Cargo.lock", "Cargo.toml"] {
            println!("cargo::rerun-if-changed={}", root.join(source).display());
        }
        let out = PathBuf::from(setting("OUT_DIR"));
        // A folder of its own: this cargo waits for no lock that the outer one holds.
        let target = out.ancestors().nth(4).expect("OUT_DIR lies deep in the target folder").join("bundle");
        compile(root, &target);
        let wasm = target.join(TARGET).join("wasm/frontend.wasm");
        let folder = out.join("bundle");
        bind(&wasm, &folder);
        for file in [format!("{NAME}.js"), format!("{NAME}_bg.wasm")] {
            squeeze(&folder.join(file));
        }
    }

    fn compile(root: &Path, target: &Path) {
        let status = Command::new(setting("CARGO"))
            .current_dir(root)
            .args(["rustc", "--locked", "--package", "frontend", "--lib", "--crate-type", "cdylib"])
            .args(["--target", TARGET, "--profile", "wasm", "--features", "hydrate", "--target-dir"])
            .arg(target)
            // What was meant for the server's compiler is not meant for the browser's.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .env_remove("RUSTC_WRAPPER")
            .env_remove("CARGO_TARGET_DIR")
            .status()
            .expect("cargo runs this script, so there is a cargo");
        assert!(status.success(), "the browser bundle did not compile: see the messages above");
    }

    fn bind(wasm: &Path, folder: &Path) {
        Bindgen::new()
            .input_path(wasm)
            .out_name(NAME)
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .omit_default_module_path(true)
            .web(true)
            .and_then(|bindgen| bindgen.generate(folder))
            .expect("bindings are made by the same version that the bundle was compiled with");
    }

    fn squeeze(file: &Path) {
        let bytes = fs::read(file).expect("the bindings have just been written");
        let mut small = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut small, 4096, 11, 22);
        writer.write_all(&bytes).expect("writing to memory does not fail");
        drop(writer);
        let name = format!("{}.br", file.display());
        fs::write(name, small).expect("OUT_DIR can be written to");
    }

    #[expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through its environment")]
    fn setting(name: &str) -> String {
        std::env::var(name).expect("cargo sets this for build scripts")
    }
}
