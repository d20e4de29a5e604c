//! What the repository promises about itself: documented settings, templates without inline code.

use std::path::Path;

use clap::CommandFactory as _;
use windowshop::cli::Cli;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of all files below `folder` whose names end like this, but for what npm installs.
pub fn texts(folder: &str, ends: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with("node_modules")).then_some(path));
            } else if path.to_str().unwrap().ends_with(ends) {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_setting_is_in_the_running_guide() {
    let docs: String = texts("docs", ".md").into_iter().map(|(_, text)| text).collect();
    let cli = Cli::command();
    // A command's own settings have its name in their variable.
    let own = |c: &clap::Command| {
        let name = c.get_name().to_ascii_uppercase();
        c.get_arguments().map(|arg| (Some(name.clone()), arg.clone())).collect::<Vec<_>>()
    };
    let args = cli.get_arguments().map(|arg| (None, arg.clone())).chain(cli.get_subcommands().flat_map(own));
    for (command, arg) in args.filter(|(_, arg)| !matches!(arg.get_id().as_str(), "help" | "version")) {
        let Some(long) = arg.get_long() else { continue };
        assert!(docs.contains(&format!("`--{long}")), "--{long} is in no page of docs/");
        if let Some(variable) = arg.get_env().and_then(|name| name.to_str()) {
            let end = long.to_ascii_uppercase().replace('-', "_");
            let with_command = command.map(|command| format!("WINDOWSHOP_{command}_{end}"));
            assert!(variable == format!("WINDOWSHOP_{end}") || Some(variable) == with_command.as_deref(), "{variable}");
            let start = format!("| `--{long}` | `{variable}` |");
            let row = docs.lines().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("no row of docs/ starts with {start}"));
            let default = arg.get_default_values().first().and_then(|v| v.to_str()).unwrap_or("");
            assert!(row.contains(default), "the default of --{long} is {default}, but: {row}");
        }
    }
    for command in cli.get_subcommands() {
        assert!(docs.contains(&format!("`windowshop {}", command.get_name())), "{} is in no page", command.get_name());
    }
}

/// What fits on a screen of an editor and in a diff beside its change.
#[test]
fn lines_of_templates_can_be_read() {
    const COLUMNS: usize = 160;
    for (path, text) in texts("templates", ".html") {
        for (line, number) in text.lines().zip(1..) {
            let columns = line.chars().count();
            assert!(columns <= COLUMNS, "{path}:{number} is {columns} columns wide: at most {COLUMNS}");
        }
    }
}

#[test]
fn templates_have_no_inline_style_or_script() {
    for (path, text) in texts("templates", ".html") {
        // The one style sheet that the policy allows by its hash.
        let small = text
            .replace("<style>{{ cx.styles()|safe }}</style>", "")
            .replace("<style>{{ cx.list_styles()|safe }}</style>", "")
            .to_lowercase();
        for banned in [" style=", "<style", "javascript:", " onclick=", " onchange=", " onload=", "<script>"] {
            assert!(!small.contains(banned), "{path} has {banned}, which the content security policy refuses");
        }
    }
}
