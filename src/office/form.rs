//! A form's body as typed: read once, wiped when dropped, and what of it a page may show again.
//!
//! Called by the gate, which reads it, and by every page that takes a form.

use zeroize::Zeroizing;

use crate::sealing::Secret;

/// Fields that no page ever shows again.
const SECRETS: [&str; 4] = ["password", "new_password", "code", "app_code"];

/// Has no `Debug`.
#[derive(Default)]
pub struct Form {
    pairs: Vec<(String, Zeroizing<String>)>,
    body: Zeroizing<String>,
    /// Something was sent, be it an empty form.
    pub posted: bool,
    /// It was files, which no page can send again.
    pub files: bool,
}

impl Form {
    pub fn of(body: Zeroizing<String>) -> Form {
        let pairs = form_urlencoded::parse(body.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect();
        Form { pairs, body, posted: true, files: false }
    }

    /// Of files: the page that takes them reads them itself.
    pub fn of_files() -> Form {
        Form { posted: true, files: true, ..Form::default() }
    }

    /// As sent.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// A field, spaces around it cut off; empty if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().rev().find(|(own, _)| own == name).map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field, as ticked boxes of one name send them; empty ones left out.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.pairs
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    pub fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// A password, exactly as typed.
    pub fn secret(&self, name: &str) -> Secret<String> {
        let found = self.pairs.iter().rev().find(|(own, _)| own == name);
        Secret::new(found.map(|(_, value)| value.to_string()).unwrap_or_default())
    }

    /// A code, as typed.
    pub fn code(&self, name: &str) -> Zeroizing<String> {
        Zeroizing::new(self.get(name).to_string())
    }

    /// What a page may carry along.
    pub fn kept(&self) -> Vec<(String, String)> {
        let kept = self.pairs.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), value.to_string())).collect()
    }

    /// The secrets that were sent, to be typed again.
    pub fn secrets(&self) -> impl Iterator<Item = &'static str> {
        SECRETS.into_iter().filter(|secret| self.pairs.iter().any(|(name, _)| name == secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_carried_and_passwords_keep_their_spaces() {
        let form = Form::of(Zeroizing::new("email=+ana%40example.org+&password=+four+words+&a=1&a=2".to_string()));
        assert_eq!(form.get("email"), "ana@example.org");
        assert_eq!(form.secret("password").expose(), " four words ");
        assert_eq!(form.get("a"), "2", "the last one counts");
        let names: Vec<String> = form.kept().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["email", "a", "a"]);
        assert_eq!(form.secrets().collect::<Vec<_>>(), ["password"]);
    }
}
