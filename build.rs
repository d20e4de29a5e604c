//! Lists the embedded files (messages, assets) and stamps the build, so that the binary alone is the whole site.
//!
//! Why a build script and not a hand-written list: message files and assets come and go, and a file that somebody
//! forgot to list would be missing only in production. Why not a crate that embeds folders: this is thirty lines, and
//! nothing is read from disk at run time, in tests or in a container.
//!
//! The stamp goes into each page's ETag. It covers code as well as texts, because a change to either can change a
//! page's bytes; the same sources give the same stamp on every host.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Everything that can change a page's bytes.
const STAMPED: [&str; 7] = ["src", "templates", "assets", "sql", "data", "Cargo.lock", "build.rs"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut code = String::new();
    list_messages(&mut code, &root.join("templates/messages"))?;
    list(&mut code, "ASSETS", "&[u8]", &root.join("assets"))?;
    fs::write(out.join("embedded.rs"), code)?;

    let mut stamp = DefaultHasher::new();
    for name in STAMPED {
        // Cargo treats a missing path as changed and would rebuild every time.
        if root.join(name).exists() {
            println!("cargo::rerun-if-changed={name}");
        }
        for file in files(&root.join(name))? {
            stamp.write(file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().as_bytes());
            stamp.write(&fs::read(&file)?);
        }
    }
    println!("cargo::rustc-env=WINDOWSHOP_BUILD={:016x}", stamp.finish());
    Ok(())
}

/// `pub const MESSAGES: &[(&str, &[(&str, &str)])]`: each language's folder with its files.
fn list_messages(code: &mut String, folder: &Path) -> io::Result<()> {
    let mut languages: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    languages.retain(|path| path.is_dir());
    languages.sort();
    let mut rows = String::new();
    for path in languages {
        let language = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = format!("MESSAGES_{}", language.to_uppercase().replace('-', "_"));
        list(code, &name, "&str", &path)?;
        let _ = writeln!(rows, "    ({language:?}, {name}),");
    }
    let _ = writeln!(code, "pub const MESSAGES: &[(&str, &[(&str, &str)])] = &[\n{rows}];");
    Ok(())
}

/// `pub const NAME: &[(&str, KIND)]`: each file's name (with its folders) and its content, sorted by name.
fn list(code: &mut String, name: &str, kind: &str, folder: &Path) -> io::Result<()> {
    let include = if kind == "&str" { "include_str!" } else { "include_bytes!" };
    let _ = writeln!(code, "pub const {name}: &[(&str, {kind})] = &[");
    for file in files(folder)? {
        let short = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(code, "    ({short:?}, {include}({:?})),", file.display().to_string());
    }
    let _ = writeln!(code, "];");
    Ok(())
}

/// Every file at or below `path`, sorted; none if it does not exist. Hidden files (left by editors) are ignored.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                found.extend(files(&entry.path())?);
            }
        }
    }
    found.sort();
    Ok(found)
}
