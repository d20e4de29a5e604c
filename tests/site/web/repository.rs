//! What the repository promises about itself: documented settings, whole messages, templates without inline code.

use std::path::Path;

use clap::CommandFactory as _;
use windowshop::cli::Cli;
use windowshop::text::i18n::Messages;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of all files below `folder` that end so.
pub fn texts(folder: &str, ends: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
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

/// Keys written as `.t("…")`, `.tf("…"`, `.n("…"` (with or without a language before them) in the product's sources.
fn keys_asked_for(text: &str) -> Vec<(String, bool)> {
    let mut keys = Vec::new();
    for (call, plural) in [(".t(", false), (".tf(", false), (".n(", true)] {
        for part in text.split(call).skip(1) {
            let Some((before, after)) = part.split_once('"') else { continue };
            let direct = before.trim().is_empty() || (before.trim().ends_with(',') && !before.contains(['(', ')']));
            if let (true, Some((key, _))) = (direct, after.split_once('"')) {
                keys.push((key.to_string(), plural));
            }
        }
    }
    keys
}

#[test]
fn every_key_that_is_asked_for_exists_and_none_lies_unused() {
    // Keys made from codes at run time: `format!("metal.{code}")`.
    const MADE: [&str; 45] = [
        "about_prices.",
        "estimates.",
        "accessibility.",
        "privacy.",
        "badge.",
        "card.",
        "care.",
        "compare.show_",
        "document.",
        "elsewhere.",
        "feature.",
        "filter.",
        "limit.",
        "money.",
        "product.",
        "service.",
        "sort.",
        "warning.",
        "change.",
        "frequency.",
        "how.compared_",
        "how.level_",
        "how.savings_",
        "how.turn_",
        "income_kind.",
        "input.",
        "rule.",
        "sep.",
        "sep_group.",
        "use.",
        "value.",
        "glossary.",
        "year.",
        "benefit.",
        "limit_unit.",
        "share.",
        "metal.",
        "plan_type.",
        "program.",
        "csr.",
        "sbc.",
        "section.",
        "state.",
        "error.",
        "month.",
    ];
    let messages = Messages::load().unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
    let mut sources = texts("templates", ".html");
    sources.extend(texts("src", ".rs").into_iter().map(|(path, text)| {
        let product = text.split("#[cfg(test)]").next().unwrap_or("").to_string();
        (path, product)
    }));
    let known = messages.keys();
    let mut faults = Vec::new();
    for (path, text) in &sources {
        for (key, plural) in keys_asked_for(text) {
            let wanted = if plural { vec![format!("{key}.one"), format!("{key}.other")] } else { vec![key] };
            let missing = wanted.into_iter().filter(|key| !known.contains(key.as_str()));
            faults.extend(missing.map(|key| format!("{path} asks for `{key}`, which is not there")));
        }
    }
    for key in known.iter().filter(|key| !MADE.iter().any(|made| key.starts_with(made))) {
        let stem = key.strip_suffix(".one").or_else(|| key.strip_suffix(".other")).unwrap_or(key);
        let named = [format!("\"{key}\""), format!("\"{stem}\"")];
        if !sources.iter().any(|(_, text)| named.iter().any(|name| text.contains(name))) {
            faults.push(format!("`{key}` is used nowhere"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn templates_have_no_inline_style_or_script() {
    for (path, text) in texts("templates", ".html") {
        let small = text.to_lowercase();
        for banned in [" style=", "<style", "javascript:", " onclick=", " onchange=", " onload=", "<script>"] {
            assert!(!small.contains(banned), "{path} has {banned}, which the content security policy refuses");
        }
    }
}
