//! What the office's pages are made of: the bar at the top, fields, and the one page that is a form.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::clock::clock;
use super::desk::Desk;
use super::visitor::{Visitor, Who};
use crate::store::Millis;
use crate::web::page::{self, CachePolicy, Cx};

/// From how long before its end on a visit's pages say so.
const SOON: Millis = 30 * 60_000;

/// Who is signed in, when it locks, and the way out: at the top of every page of somebody who has something here.
pub struct Bar {
    pub words: String,
    pub locks: Option<String>,
    /// It ends soon, whatever is done.
    pub ends: Option<String>,
    pub shared: bool,
    pub guest: bool,
}

/// `None` for somebody who has nothing here yet.
pub fn bar(cx: &Cx, visitor: &Visitor) -> Option<Bar> {
    let guest = match &visitor.who {
        Who::Nobody => return None,
        Who::Guest(_) => true,
        Who::Account(_) => false,
    };
    let words = if guest { cx.t("office.bar.guest") } else { cx.t("office.bar.account") };
    let locks = visitor.locks_at.filter(|_| !visitor.locked);
    let key = if guest { "office.bar.locks_guest" } else { "office.bar.locks" };
    let locks = locks.map(|at| cx.tf(key, &[("time", &clock(cx, at))]));
    let ends = ends(cx, visitor, guest);
    // The nearer end is said alone.
    let locks = if ends.is_some() && guest { None } else { locks };
    Some(Bar { words: words.to_string(), locks, ends, shared: visitor.is_shared(), guest })
}

/// What is said of the end of a visit that is near.
fn ends(cx: &Cx, visitor: &Visitor, guest: bool) -> Option<String> {
    let end = visitor.session.as_ref().filter(|_| !visitor.locked)?.expires_at;
    let left = end - visitor.now;
    let key = if guest { "office.bar.ends_guest" } else { "office.bar.ends" };
    let values = [("time", clock(cx, end)), ("n", (left / 60_000).max(1).to_string())];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (left < SOON).then(|| cx.tf(key, &values))
}

/// Something to be put right, with its field.
pub struct Fault {
    pub field: &'static str,
    pub words: String,
}

/// One field of a form.
#[derive(Default)]
pub struct Field {
    pub name: &'static str,
    pub label: String,
    pub hint: Option<String>,
    pub kind: &'static str,
    pub value: String,
    pub autocomplete: &'static str,
    pub inputmode: &'static str,
    pub fault: Option<String>,
    pub is_tick: bool,
    pub ticked: bool,
}

impl Field {
    pub fn email(label: &str, value: &str) -> Field {
        Field {
            name: "email",
            label: label.to_string(),
            kind: "email",
            value: value.to_string(),
            autocomplete: "username",
            inputmode: "email",
            ..Field::default()
        }
    }

    pub fn password(name: &'static str, label: &str, autocomplete: &'static str) -> Field {
        Field { name, label: label.to_string(), kind: "password", autocomplete, ..Field::default() }
    }

    pub fn code(name: &'static str, label: &str) -> Field {
        Field { name, label: label.to_string(), kind: "text", autocomplete: "one-time-code", ..Field::default() }
    }

    pub fn tick(name: &'static str, label: &str, ticked: bool) -> Field {
        Field { name, label: label.to_string(), is_tick: true, ticked, ..Field::default() }
    }

    pub fn hint(self, words: &str) -> Field {
        Field { hint: Some(words.to_string()), ..self }
    }
}

/// A link or a button below a form.
pub struct Way {
    pub words: String,
    pub address: String,
    /// A button that sends an empty form there.
    pub sends: bool,
}

/// The page that is a form: most of the office.
#[derive(Template)]
#[template(path = "office/form.html")]
pub struct FormPage<'a> {
    pub cx: &'a Cx,
    pub bar: Option<Bar>,
    pub title: String,
    pub lead: Vec<String>,
    pub notes: Vec<String>,
    pub faults: Vec<Fault>,
    pub fields: Vec<Field>,
    pub hidden: Vec<(String, String)>,
    pub action: String,
    /// Empty: there is nothing to send.
    pub submit: String,
    pub ways: Vec<Way>,
    /// Below everything, in small letters.
    pub small: Vec<String>,
}

impl<'a> FormPage<'a> {
    pub fn new(cx: &'a Cx, visitor: &Visitor, title: &str) -> FormPage<'a> {
        FormPage {
            cx,
            bar: bar(cx, visitor),
            title: title.to_string(),
            action: cx.href(&cx.path),
            lead: Vec::new(),
            notes: Vec::new(),
            faults: Vec::new(),
            fields: Vec::new(),
            hidden: Vec::new(),
            submit: String::new(),
            ways: Vec::new(),
            small: Vec::new(),
        }
    }

    pub fn lead(mut self, words: &str) -> Self {
        self.lead.push(words.to_string());
        self
    }

    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    pub fn submit(mut self, words: &str) -> Self {
        self.submit = words.to_string();
        self
    }

    pub fn to(mut self, path: &str) -> Self {
        self.action = self.cx.href(path);
        self
    }

    pub fn link(mut self, words: &str, path: &str) -> Self {
        let address = self.cx.href(path);
        self.ways.push(Way { words: words.to_string(), address, sends: false });
        self
    }

    pub fn button(mut self, words: &str, path: &str) -> Self {
        let address = self.cx.href(path);
        self.ways.push(Way { words: words.to_string(), address, sends: true });
        self
    }

    pub fn small(mut self, words: &str) -> Self {
        self.small.push(words.to_string());
        self
    }

    pub fn note(mut self, words: &str) -> Self {
        self.notes.push(words.to_string());
        self
    }

    /// The page as it is first seen.
    pub fn show(self) -> Response {
        self.with_status(StatusCode::OK)
    }

    /// The page with what is wrong, at the top and at each field.
    pub fn wrong(mut self, faults: Vec<Fault>) -> Response {
        for fault in &faults {
            if let Some(field) = self.fields.iter_mut().find(|field| field.name == fault.field) {
                field.fault = Some(fault.words.clone());
            }
        }
        self.faults = faults;
        self.with_status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    pub fn with_status(self, status: StatusCode) -> Response {
        page::render_status(self.cx, status, self, CachePolicy::Private)
    }
}

/// Fault of a field, in words.
pub fn fault(field: &'static str, words: &str) -> Fault {
    Fault { field, words: words.to_string() }
}

impl Desk {
    /// The field `email` holds no address, or nothing.
    pub fn odd_email(&self) -> Fault {
        let empty = self.form.get("email").is_empty();
        fault("email", self.cx.t(if empty { "office.fault.email_missing" } else { "office.fault.email_odd" }))
    }

    /// The tick that this is a shared computer.
    pub fn shared_tick(&self) -> Field {
        Field::tick("shared", self.cx.t("office.field.shared"), self.form.ticked("shared"))
            .hint(self.cx.t("office.field.shared_hint"))
    }

    /// The tick that goes with a change of password or second step (ASVS 5.0, 7.4.3). Set until somebody takes it away.
    pub fn forget_tick(&self) -> Field {
        let ticked = !self.form.posted || self.form.ticked("forget");
        Field::tick("forget", self.cx.t("office.field.forget"), ticked).hint(self.cx.t("office.field.forget_hint"))
    }

    /// A page of this desk.
    pub fn page(&self, title: &str) -> FormPage<'_> {
        FormPage::new(&self.cx, &self.visitor, title)
    }

    /// 429: too many tries, with the time when it opens again.
    pub fn closed(&self, page: FormPage<'_>, until: Millis) -> Response {
        let words = self.cx.tf("office.closed", &[("time", &clock(&self.cx, until))]);
        page.note(&words).with_status(StatusCode::TOO_MANY_REQUESTS)
    }
}
