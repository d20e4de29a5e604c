//! A question as a page shows it: its words for whom it is asked of, its control, what is wrong with its answer.
//!
//! Made for each question by `step`, `check` and `packet`. It must decide nothing: which question applies and whether an
//! answer does is `application`'s.

use crate::application::flow::Fault;
use crate::application::kinds::{Kind, NONE, Odd, parts};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU, key};
use crate::application::steps::{Of, Question, Step, income};
use crate::application::view::View;
use crate::web::page::Cx;

/// One question.
pub struct Field {
    /// Of the control, and the name that it sends.
    pub id: String,
    pub label: String,
    pub hint: Option<String>,
    pub fault: Option<String>,
    /// What another tab has saved here meanwhile.
    pub other: Option<String>,
    pub optional: bool,
    pub control: Control,
}

pub enum Control {
    Text {
        value: String,
        kind: &'static str,
        mode: &'static str,
        complete: &'static str,
        money: bool,
    },
    /// Month, day, year.
    Date {
        parts: [String; 3],
        birthday: bool,
    },
    Radios(Vec<Choice>),
    Ticks(Vec<Choice>),
    Select(Vec<Choice>),
    Tick(bool),
}

pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    pub chosen: bool,
}

/// Longest list that is shown as buttons.
const BUTTONS_MAX: usize = 7;
/// What stands for a number that is not shown again.
const MASK: &str = "•••-••-";

/// Words about the answers of one application.
pub struct Words<'a> {
    pub cx: &'a Cx,
    pub view: &'a View<'a>,
    /// For a reader who is not the contact person, such as an employer: nobody is “you”.
    pub for_others: bool,
}

impl<'a> Words<'a> {
    /// For the contact person, who is “you”.
    pub fn new(cx: &'a Cx, view: &'a View<'a>) -> Words<'a> {
        Words { cx, view, for_others: false }
    }

    /// What a person is called, standing alone: their name, or else their place in the list.
    pub fn person(&self, row: RowId) -> String {
        let named = !self.view.name(row).is_empty();
        let words = self.in_a_sentence(row);
        if named { words } else { capitalized(&words) }
    }

    /// The same within a sentence.
    pub fn in_a_sentence(&self, row: RowId) -> String {
        let name = self.view.name(row);
        if !name.is_empty() {
            return name;
        }
        match row {
            YOU => self.cx.t("apply.people.you").to_string(),
            row => match self.view.people().position(|person| person == row) {
                Some(at) => self.cx.tf("apply.people.nth", &[("n", &(at + 1).to_string())]),
                None => self.cx.t("apply.people.unnamed").to_string(),
            },
        }
    }

    /// The kind of an income or an event, as people know it.
    pub fn kind(&self, row: RowId) -> String {
        let kind = self.view.text("kind", row);
        let income = self.cx.known(&format!("apply.kind.{kind}"));
        income.or_else(|| self.cx.known(&format!("sep.{kind}.name"))).unwrap_or(kind).to_string()
    }

    /// Whom a row is about: a person, or the owner of an income.
    fn about(&self, row: RowId) -> RowId {
        match self.view.people().any(|person| person == row) {
            true => row,
            false => self.view.owner(row),
        }
    }

    fn fill(&self, key: &str, row: RowId) -> Option<String> {
        let about = self.about(row);
        let words = self.cx.known(key)?;
        let you = about == YOU && row != HOUSEHOLD && !self.for_others;
        let words = if you { self.cx.known(&format!("{key}_you")).unwrap_or(words) } else { words };
        let name = if words.starts_with("{name}") { self.person(about) } else { self.in_a_sentence(about) };
        let (year, kind) = (self.view.year.to_string(), self.kind(row));
        Some(words.replace("{name}", &name).replace("{year}", &year).replace("{kind}", &kind))
    }

    /// The heading of a page.
    pub fn title(&self, step: &Step, row: RowId) -> String {
        let name = step.name.replace('-', "_");
        self.fill(&format!("apply.step.{name}.title"), row).unwrap_or_else(|| step.name.to_string())
    }

    pub fn lead(&self, step: &Step, row: RowId) -> Option<String> {
        let name = step.name.replace('-', "_");
        self.fill(&format!("apply.step.{name}.lead"), row)
    }

    /// The question itself, as it is put to whoever fills this in.
    pub fn label(&self, question: &Question, row: RowId) -> String {
        let base = base(question);
        // A question of the household about several people; with one to ask about, it is put about them.
        if let (Kind::People(eligible), HOUSEHOLD) = (question.kind, row) {
            let one = match eligible(self.view, row)[..] {
                [YOU] => self.fill(&format!("{base}.label_you"), YOU),
                [only] => self.fill(&format!("{base}.label_only"), only),
                _ => None,
            };
            if let Some(words) = one {
                return words;
            }
        }
        let flat = self.fill(&base, row);
        let of_money = self.of_money(row).and_then(|of| self.fill(&format!("{base}.label{of}"), row));
        let label = of_money.or_else(|| self.fill(&format!("{base}.label"), row));
        label.or(flat).unwrap_or_else(|| question.name.to_string())
    }

    /// What is paid and what comes in other than as pay have words of their own, where a question has them.
    fn of_money(&self, row: RowId) -> Option<&'static str> {
        let kind = self.view.text("kind", row);
        match kind {
            "wages" | "tips" => None,
            _ if income::DEDUCTIONS.contains(&kind) => Some("_paid"),
            _ => income::INCOMES.contains(&kind).then_some("_other"),
        }
    }

    fn hint(&self, question: &Question, row: RowId) -> Option<String> {
        let base = base(question);
        let of_money = self.of_money(row).and_then(|of| self.fill(&format!("{base}.hint{of}"), row));
        let said = of_money.or_else(|| self.fill(&format!("{base}.hint"), row));
        let said = said.or_else(|| self.fill(&format!("{base}_hint"), row));
        // The shop knows an age, which is no birthday: whoever types it sees whom the search meant.
        let age = self.view.text("age_in_search", row);
        if question.name != "birth_date" || age.is_empty() {
            return said;
        }
        let age = self.cx.tf("apply.age_in_search", &[("age", age)]);
        Some([said, Some(age)].into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    /// What to do about an answer that does not do.
    pub fn fault(&self, fault: &Fault) -> String {
        let base = base(fault.question);
        let label = self.label(fault.question, fault.row);
        // A list of people with one person in it is a question of yes or no.
        let is_yes_no = matches!(fault.question.kind, Kind::People(of) if of(self.view, fault.row).len() == 1);
        let own = match fault.odd {
            Odd::Missing if is_yes_no => return self.cx.tf("apply.fault.yes_or_no", &[("label", &label)]),
            Odd::TooLong => {
                let most = match fault.question.kind {
                    Kind::Line(most) | Kind::Address(most) => most,
                    _ => crate::application::kinds::NAME_MAX,
                };
                return self.cx.tf("apply.fault.too_long", &[("label", &label), ("most", &most.to_string())]);
            }
            // What is agreed to is long: the fault names it in short.
            Odd::Missing | Odd::MustAgree => self
                .fill(&format!("{base}.missing"), fault.row)
                .or_else(|| self.cx.known(&format!("{base}_missing")).map(str::to_string)),
            _ => None,
        };
        match own {
            // Asked of several people on one page: whose answer it is.
            Some(words) if matches!(fault.question.of, Of::Each(_)) => {
                format!("{}: {words}", self.person(self.about(fault.row)))
            }
            Some(words) => words,
            None => self.cx.tf(&format!("apply.fault.{}", <&str>::from(fault.odd)), &[("label", &label)]),
        }
    }

    /// The words of one answer of a list.
    fn choice(&self, question: &Question, row: RowId, value: &str) -> String {
        let base = base(question);
        let shared = match value {
            "yes" | "no" | "unsure" => Some(format!("apply.{value}")),
            NONE if matches!(question.kind, Kind::People(_)) => Some("apply.nobody".to_string()),
            NONE => Some("apply.none".to_string()),
            _ => None,
        };
        let own = [format!("{base}.{value}"), format!("{base}_{value}")];
        let found = own.iter().chain(shared.iter()).find_map(|key| self.cx.known(key));
        if let Some(words) = found {
            return words.replace("{name}", &self.in_a_sentence(self.about(row)));
        }
        for key in ["apply.kind.", "apply.coverage.", "apply.frequency.", "sep."] {
            let key = if key == "sep." { format!("sep.{value}.name") } else { format!("{key}{value}") };
            if let Some(words) = self.cx.known(&key) {
                return words.to_string();
            }
        }
        self.of_data(question, value)
    }

    /// Answers that come from data: people, counties, states, languages, years.
    fn of_data(&self, question: &Question, value: &str) -> String {
        let county = self.view.around.counties.iter().find(|county| county.fips == value);
        let language = self.cx.app.messages.of_code(value).filter(|_| question.name == "written");
        match value.parse::<RowId>() {
            Ok(row) if self.view.people().any(|person| person == row) => self.person(row),
            _ => match (county, language, self.cx.known(&format!("state.{value}"))) {
                (Some(county), ..) => format!("{}, {}", county.name, county.state),
                (_, Some(language), _) => language.own_name().to_string(),
                (_, _, Some(state)) => state.to_string(),
                _ => value.to_string(),
            },
        }
    }

    /// An answer as people read it, on one line; `None` if there is none.
    pub fn answer(&self, question: &Question, row: RowId) -> Option<String> {
        let text = self.view.text(question.name, row);
        if text.is_empty() {
            return None;
        }
        Some(match question.kind {
            Kind::Ssn => masked(text),
            Kind::Money | Kind::MoneyOrLoss => {
                crate::application::kinds::money(text).map_or_else(|_| text.to_string(), |cents| cents.dollars_cents())
            }
            Kind::Date(_) => {
                crate::application::kinds::day(text).map_or_else(|| text.to_string(), |day| self.cx.date(day))
            }
            Kind::Name
            | Kind::Line(_)
            | Kind::Address(_)
            | Kind::Email
            | Kind::Phone
            | Kind::Zip
            | Kind::HomeZip
            | Kind::Count(..)
            | Kind::Decimal(_)
            | Kind::Signature => text.to_string(),
            Kind::Agree | Kind::Tick => self.cx.t("apply.yes").to_string(),
            Kind::People(eligible) if eligible(self.view, row).len() == 1 => {
                match (self.asks_who(question, row), text == NONE) {
                    (true, true) => self.cx.t("apply.nobody").to_string(),
                    (true, false) => eligible(self.view, row).first().map(|own| self.person(*own)).unwrap_or_default(),
                    (false, true) => self.cx.t("apply.no").to_string(),
                    (false, false) => self.cx.t("apply.yes").to_string(),
                }
            }
            _ => parts(text).map(|part| self.choice(question, row, part)).collect::<Vec<_>>().join(", "),
        })
    }

    /// "Who …?" is answered with a name or "Nobody", "Is anybody …?" with yes or no.
    fn asks_who(&self, question: &Question, row: RowId) -> bool {
        let label = self.label(question, row);
        ["Who ", "¿Quién", "¿A quién", "¿De quién"].iter().any(|start| label.starts_with(start))
    }

    /// The question with its control, holding this text.
    pub fn field(&self, question: &Question, row: RowId, fault: Option<&Fault>) -> Field {
        let text = self.view.text(question.name, row);
        Field {
            id: key(question.name, row),
            label: self.label(question, row),
            hint: self.hint(question, row),
            fault: fault.map(|fault| self.fault(fault)),
            other: None,
            optional: !question.must && !matches!(question.kind, Kind::Tick),
            control: self.control(question, row, text),
        }
    }

    fn control(&self, question: &Question, row: RowId, text: &str) -> Control {
        let list = |values: &[&str]| -> Vec<Choice> {
            values.iter().map(|value| self.offered(question, row, value, text)).collect()
        };
        let owned = |values: &[String]| -> Vec<Choice> {
            values.iter().map(|value| self.offered(question, row, value, text)).collect()
        };
        match question.kind {
            Kind::Date(span) => Control::Date {
                parts: date_parts(text),
                birthday: span == crate::application::kinds::Span::Birth && row == YOU,
            },
            Kind::YesNo => Control::Radios(list(&["yes", "no"])),
            Kind::YesNoUnsure => Control::Radios(list(&["yes", "no", "unsure"])),
            // Seldom needed, and never worth seven lines.
            Kind::One(values) if question.name == "suffix" => Control::Select(list(values)),
            Kind::One(values) => buttons(list(values)),
            Kind::OneOf(values) => buttons(owned(&values(self.view, row))),
            Kind::Several(values) => Control::Ticks([list(values), list(&[NONE])].into_iter().flatten().collect()),
            Kind::SeveralOf(values) => {
                let values = values(self.view, row);
                Control::Ticks([owned(&values), list(&[NONE])].into_iter().flatten().collect())
            }
            Kind::People(eligible) => self.people(&eligible(self.view, row), text),
            Kind::Agree | Kind::Tick => Control::Tick(text == "yes"),
            kind => self.line(kind, question, row, text),
        }
    }

    fn offered(&self, question: &Question, row: RowId, value: &str, text: &str) -> Choice {
        Choice {
            value: value.to_string(),
            label: self.choice(question, row, value),
            hint: self.cx.known(&format!("apply.kind_hint.{value}")).map(str::to_string),
            chosen: parts(text).any(|part| part == value),
        }
    }

    /// One person: yes or no. Several: who, or nobody.
    fn people(&self, eligible: &[RowId], text: &str) -> Control {
        let choice = |value: String, label: String| Choice {
            chosen: parts(text).any(|part| part == value),
            value,
            label,
            hint: None,
        };
        if let [only] = eligible {
            let yes = choice(only.to_string(), self.cx.t("apply.yes").to_string());
            return Control::Radios(vec![yes, choice(NONE.to_string(), self.cx.t("apply.no").to_string())]);
        }
        let everybody = eligible.iter().map(|person| choice(person.to_string(), self.person(*person)));
        let nobody = choice(NONE.to_string(), self.cx.t("apply.nobody").to_string());
        Control::Ticks(everybody.chain([nobody]).collect())
    }

    fn line(&self, kind: Kind, question: &Question, row: RowId, text: &str) -> Control {
        let (typed, mode) = match kind {
            Kind::Email => ("email", "email"),
            Kind::Phone => ("tel", "tel"),
            Kind::Zip | Kind::HomeZip | Kind::Ssn | Kind::Count(..) => ("text", "numeric"),
            Kind::Money | Kind::Decimal(_) => ("text", "decimal"),
            _ => ("text", ""),
        };
        // Only what is about whoever sits here may be filled in by their browser.
        let complete = match question.name {
            "first_name" if row == YOU => "given-name",
            "middle_name" if row == YOU => "additional-name",
            "last_name" if row == YOU => "family-name",
            "street" => "address-line1",
            "unit" => "address-line2",
            "city" => "address-level2",
            "zip" => "postal-code",
            "email" => "email",
            "phone" => "tel",
            _ => "off",
        };
        let shown = match kind {
            Kind::Ssn => masked(text),
            _ => text.to_string(),
        };
        let money = matches!(kind, Kind::Money | Kind::MoneyOrLoss);
        Control::Text { value: shown, kind: typed, mode, complete, money }
    }
}

/// With a capital letter at the front.
pub fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Where a question's words are: those of the page that signs are together.
fn base(question: &Question) -> String {
    let signs = crate::application::steps::sending::SIGN.questions.iter().any(|own| own.name == question.name);
    if signs { format!("apply.sign.{}", question.name) } else { format!("apply.q.{}", question.name) }
}

fn buttons(choices: Vec<Choice>) -> Control {
    if choices.len() > BUTTONS_MAX { Control::Select(choices) } else { Control::Radios(choices) }
}

/// Month, day, year as typed.
pub fn date_parts(text: &str) -> [String; 3] {
    let mut parts = text.split('/').map(str::to_string);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// A good number is shown by its last four digits only; one that is wrong has to be seen to be mended.
pub fn masked(text: &str) -> String {
    match crate::application::kinds::ssn(text) {
        Some(digits) => format!("{MASK}{}", &digits[5..]),
        None => text.to_string(),
    }
}

/// Whether a field came back as it was masked: it was not changed.
pub fn is_mask(text: &str) -> bool {
    text.starts_with(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_by_its_end_and_a_wrong_one_as_typed() {
        assert_eq!((masked("123-45-6789"), masked("12")), ("•••-••-6789".into(), "12".into()));
        assert!(is_mask("•••-••-6789") && !is_mask("123-45-6789"));
        assert_eq!(date_parts("3/14/1986"), ["3", "14", "1986"]);
        assert_eq!(date_parts(""), ["", "", ""]);
    }
}
