//! A form filled in and sent, as a browser without JavaScript does it.
//!
//! A field is named by its label; if several share one, by the legend around it and its label ("Person 2: Age"); if
//! no label is visible (a test of addresses), by its `name` or `id`.

use std::collections::HashMap;

use axum::body::Body;
use scraper::ElementRef;

use super::page::{Page, css, inside, words_of};

const FIELDS: &str = "input:not([type=hidden]):not([type=submit]), select, textarea";

/// What a visitor changed on a page, by the position of the field on the page.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    values: HashMap<usize, String>,
    ticks: HashMap<usize, bool>,
}

fn is_choice(field: ElementRef) -> bool {
    matches!(field.attr("type"), Some("radio" | "checkbox"))
}

fn form_of(element: ElementRef) -> Option<ElementRef> {
    element.ancestors().filter_map(ElementRef::wrap).find(|ancestor| ancestor.value().name() == "form")
}

/// What a field holds before anyone types.
fn given(field: ElementRef) -> String {
    match field.value().name() {
        "select" => {
            let options = inside(field, "option");
            let chosen = options.iter().find(|option| option.attr("selected").is_some()).or(options.first());
            chosen.and_then(|option| option.attr("value")).unwrap_or_default().to_string()
        }
        "textarea" => field.text().collect(),
        _ if is_choice(field) => field.attr("value").unwrap_or("on").to_string(),
        _ => field.attr("value").unwrap_or_default().to_string(),
    }
}

/// The hidden fields of a form, as the query they make.
pub fn carried_by(form: ElementRef) -> String {
    let fields = inside(form, "input[type=hidden]").into_iter();
    let pairs = fields.map(|field| (field.attr("name").unwrap_or_default().to_string(), given(field)));
    format!("?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

impl Page {
    fn place(&self, field: ElementRef) -> usize {
        let at = self.html().select(&css("input, select, textarea, button")).position(|other| other == field);
        at.expect("a field of this page")
    }

    /// The names by which a field may be called.
    fn names(&self, field: ElementRef) -> Vec<String> {
        let attr = |name: &str| field.attr(name).map(str::to_string);
        let label = attr("id").and_then(|id| {
            let label = self.html().select(&css(&format!("label[for='{id}']"))).next();
            label.map(words_of)
        });
        let legends = field.ancestors().filter_map(ElementRef::wrap).filter_map(|ancestor| {
            let legend = ancestor.child_elements().find(|child| child.value().name() == "legend");
            legend.map(words_of)
        });
        let with_legends = legends.filter_map(|legend| Some(format!("{legend}: {}", label.as_ref()?)));
        let mut names: Vec<String> = with_legends.collect();
        names.extend(label);
        names.extend([attr("id"), attr("name")].into_iter().flatten());
        names
    }

    fn fields(&self, name: &str) -> Vec<ElementRef<'_>> {
        let fields = self.select(FIELDS).into_iter();
        fields.filter(|field| self.names(*field).iter().any(|known| known == name)).collect()
    }

    #[track_caller]
    fn field(&self, name: &str) -> ElementRef<'_> {
        let found = self.fields(name);
        let [field] = found[..] else {
            let all: Vec<_> = self.select(FIELDS).into_iter().map(|field| self.names(field)).collect();
            panic!("{} fields are called “{name}” on {}, of {all:#?}", found.len(), self.address);
        };
        field
    }

    pub fn has_field(&self, name: &str) -> bool {
        !self.fields(name).is_empty()
    }

    /// The current value of a field.
    #[track_caller]
    pub fn value(&self, name: &str) -> String {
        let field = self.field(name);
        self.typed.values.get(&self.place(field)).cloned().unwrap_or_else(|| given(field))
    }

    #[track_caller]
    pub fn is_ticked(&self, name: &str) -> bool {
        self.ticked(self.field(name))
    }

    fn ticked(&self, field: ElementRef) -> bool {
        self.typed.ticks.get(&self.place(field)).copied().unwrap_or_else(|| field.attr("checked").is_some())
    }

    /// The hidden fields of the forms on the page: names and values.
    pub fn carried(&self) -> Vec<(String, String)> {
        let fields = self.select("input[type=hidden]").into_iter();
        fields.map(|field| (field.attr("name").unwrap_or_default().to_string(), given(field))).collect()
    }

    /// Whether a form carries this pair along, readable or sealed.
    pub fn carries(&self, name: &str, value: &str) -> bool {
        let fields = self.select("form").into_iter().map(|form| carried_by(form));
        fields.map(|query| self.site.said(&query)).any(|pairs| pairs.contains(&format!("{name}={value}")))
    }

    /// Types into a field, or picks an option of a select by its words or value.
    #[track_caller]
    pub fn fill(mut self, name: &str, value: &str) -> Page {
        let field = self.field(name);
        assert!(!is_choice(field), "“{name}” is ticked, not filled in");
        let (place, mut value) = (self.place(field), value.to_string());
        if field.value().name() == "select" {
            let options = inside(field, "option");
            let option =
                options.iter().find(|option| option.attr("value") == Some(&value) || words_of(**option) == value);
            let option = option.unwrap_or_else(|| panic!("“{name}” has no “{value}”"));
            value = option.attr("value").unwrap_or_default().to_string();
        }
        self.typed.values.insert(place, value);
        self
    }

    /// Ticks a box, or picks one of several.
    #[track_caller]
    pub fn choose(mut self, name: &str) -> Page {
        let field = self.field(name);
        assert!(is_choice(field), "“{name}” is filled in, not ticked");
        let (place, mut others) = (self.place(field), Vec::new());
        if field.attr("type") == Some("radio") {
            let same =
                |other: &ElementRef| other.attr("name") == field.attr("name") && form_of(*other) == form_of(field);
            let radios = self.select("input[type=radio]").into_iter().filter(same);
            others = radios.map(|other| self.place(other)).collect();
        }
        self.typed.ticks.extend(others.into_iter().map(|other| (other, false)));
        self.typed.ticks.insert(place, true);
        self
    }

    /// Takes a tick away.
    #[track_caller]
    pub fn leave(mut self, name: &str) -> Page {
        let field = self.field(name);
        assert_eq!(field.attr("type"), Some("checkbox"), "“{name}” has no tick to take away");
        let place = self.place(field);
        self.typed.ticks.insert(place, false);
        self
    }

    /// Presses a button by its words: sends its form and shows where that leads.
    pub async fn press(self, button: &str) -> Page {
        let (method, address, pairs) = self.submission(button);
        let sent = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let first = match method.as_str() {
            "post" => {
                let headers =
                    [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
                self.site.send("POST", &address, &headers, Body::from(sent)).await
            }
            _ => self.site.send("GET", &format!("{address}?{sent}"), &[], Body::empty()).await,
        };
        self.site.follow(first).await
    }

    /// How a button's form is sent: its method, address, names and values.
    #[track_caller]
    fn submission(&self, words: &str) -> (String, String, Vec<(String, String)>) {
        let buttons = self.select("form button, button[form]").into_iter();
        let shown = |button: &ElementRef| button.attr("hidden").is_none() && button.attr("aria-hidden").is_none();
        let seen: Vec<ElementRef> = buttons.filter(shown).collect();
        let named: Vec<ElementRef> = seen.iter().copied().filter(|button| words_of(*button) == words).collect();
        let [button] = named[..] else {
            let all: Vec<String> = seen.into_iter().map(words_of).collect();
            panic!("{} buttons say “{words}” on {}, of {all:?}", named.len(), self.address);
        };
        let elsewhere = button.attr("form").map(|id| self.select(&format!("form[id='{id}']")));
        let form = elsewhere.and_then(|form| form.first().copied()).or_else(|| form_of(button)).expect("a form");
        let method = button.attr("formmethod").or(form.attr("method")).unwrap_or("get").to_ascii_lowercase();
        let action = button.attr("formaction").or(form.attr("action")).unwrap_or(&self.address);
        let address = action.split(['#', '?']).next().unwrap_or_default().to_string();
        let mut pairs = Vec::new();
        for field in form.select(&css("input, select, textarea, button")) {
            let Some(name) = field.attr("name") else { continue };
            let sent = match (field.value().name(), is_choice(field)) {
                _ if field.attr("disabled").is_some() => false,
                ("button", _) => field == button,
                (_, true) => self.ticked(field),
                _ => true,
            };
            let value = || self.typed.values.get(&self.place(field)).cloned().unwrap_or_else(|| given(field));
            if sent {
                pairs.push((name.to_string(), value()));
            }
        }
        if let (Some(name), Some(_)) = (button.attr("name"), button.attr("form")) {
            pairs.push((name.to_string(), given(button)));
        }
        (method, address, pairs)
    }
}
