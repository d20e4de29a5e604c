//! People whom an agency sends here: a draft with what the agency knows, under a key of its own, opened by a printed code; or, if
//! the agency names an application of ours by its number, a message to whoever sent that.
//!
//! Called by `inbox`. Nothing is sent for anybody: they look at it, answer what is missing, and sign. Nobody is matched by a
//! name or a birthday.

use zeroize::Zeroizing;

use super::receive::{Request, day};
use super::record::{self, IN, NewTransfer};
use super::xml::Element;
use super::{codes, words};
use crate::account::codes as printed;
use crate::account::drafts::{self, Place};
use crate::account::people::{BeginDraft, guest_owner, new_id};
use crate::application::kinds;
use crate::application::record::{Letter, Notice, Part};
use crate::application::sheet::{HOUSEHOLD, RowId, Sheet, Table, YOU};
use crate::application::submit::shown;
use crate::sealing::SealFault;
use crate::store::audit::{Actor, Deed};
use crate::store::{Change, StoreError, Tx};
use crate::verify::case::Case;
use crate::verify::{Room, notice};

/// What became of it.
pub enum Begun {
    Draft,
    /// It names an application of ours.
    Returned,
    Doubled,
    Refused(&'static str),
}

/// A transfer that an agency has begun.
pub struct Begin {
    room: Room,
    state: String,
    request: Request,
    body: Vec<u8>,
    guest: String,
    draft: String,
    code: Zeroizing<String>,
}

impl Begin {
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn new(room: Room, state: String, request: Request, body: Vec<u8>) -> Result<Begin, SealFault> {
        Ok(Begin { room, state, request, body, guest: new_id()?, draft: new_id()?, code: printed::new_code()? })
    }

    fn id(&self) -> String {
        format!("{}:{}", self.state, self.request.id)
    }

    fn row<'a>(
        &'a self,
        id: &'a str,
        (owner, application): (&'a str, &'a str),
        cause: &'a str,
        status: &'a str,
    ) -> NewTransfer<'a> {
        NewTransfer {
            id,
            direction: IN,
            owner,
            application,
            state: &self.state,
            number: 0,
            cause,
            about: "",
            people: "",
            status,
            body: &self.body,
            code: "",
        }
    }
}

impl Change for Begin {
    type Done = Begun;

    async fn run(&self, tx: &mut Tx) -> Result<Begun, StoreError> {
        let (id, vault) = (self.id(), &self.room.means.vault);
        if let Some(line) = record::find(tx.conn(), &id).await? {
            let before = record::body(tx.conn(), vault, (&id, &line.owner)).await?;
            return Ok(match before {
                Some(before) if *before == self.body => Begun::Doubled,
                _ => Begun::Refused("its ID came before with other content"),
            });
        }
        let cause = format!("in:{id}");
        match &self.request.references[..] {
            [] => {}
            [reference] => return self.returned(tx, reference, (&id, &cause)).await,
            _ => return Ok(Begun::Refused("it names more than one application of an Exchange")),
        }
        let Some(sheet) = sheet(&self.request.tree) else { return Ok(Begun::Refused("it names no contact person")) };
        let owner = guest_owner(&self.guest);
        let code_hash = printed::code_hash(&self.code).ok_or(StoreError::Stale)?;
        let (means, session) = (self.room.means.clone(), String::new());
        let (guest, draft) = (self.guest.clone(), self.draft.clone());
        BeginDraft { means, guest, draft, code_hash, session }.run(tx).await?;
        if !self.row(&id, (&owner, ""), &cause, "begun").insert(tx, vault).await? {
            // Somebody else wrote the same a moment ago: this change is undone as a whole, and comes again.
            return Err(StoreError::Stale);
        }
        let place = Place { owner: &owner, new_draft: &self.draft, session: "" };
        let document = sheet.write().map_err(|_| StoreError::Stale)?;
        drafts::edit(tx, &self.room.means, &place, |answers, _| {
            answers.resume_code = Some(self.code.to_string());
            answers.application = Some(document);
            Some(())
        })
        .await?;
        Ok(Begun::Draft)
    }
}

impl Begin {
    /// Of an application of ours, by its number: its owner is told what to do now.
    async fn returned(&self, tx: &mut Tx, reference: &str, (id, cause): (&str, &str)) -> Result<Begun, StoreError> {
        let asked = sqlx::query_as("SELECT id, owner FROM application WHERE reference = $1");
        let found: Option<(String, String)> = asked.bind(reference).fetch_optional(tx.conn()).await?;
        let Some((application, owner)) = found else {
            return Ok(Begun::Refused("it names an application that this site does not have"));
        };
        let vault = &self.room.means.vault;
        let Some(case) = Case::open(tx.conn(), vault, (&owner, &application)).await? else {
            return Ok(Begun::Refused("it names an application whose owner is gone"));
        };
        if case.state().is_none_or(|state| state.code() != self.state) {
            return Ok(Begun::Refused("it names an application of another state"));
        }
        if !self.row(id, (&owner, &application), cause, "returned").insert(tx, vault).await? {
            return Err(StoreError::Stale);
        }
        notice::post(tx, &self.room.means, &case, &format!("transfer:{id}:returned"), &self.notice(&case)).await?;
        let line = record::find(tx.conn(), id).await?.ok_or(StoreError::Stale)?;
        record::note(tx, &self.room, (Deed::TransferAnswered, &Actor::Site), &line).await?;
        Ok(Begun::Returned)
    }

    fn notice(&self, case: &Case) -> Notice {
        let knows = &self.room.knows;
        let (name, phone) = words::agency(&knows.tables, &self.state);
        let letter = |lang: crate::text::i18n::Lang| {
            let t = |key: &str| knows.messages.t(lang, key).to_string();
            let agency = if name.is_empty() { t("transfer.agency") } else { name.clone() };
            let reference = shown(&case.application.reference);
            let values = [("agency", &agency[..]), ("reference", &reference), ("phone", &phone)];
            let call = if phone.is_empty() { "transfer.call_unknown" } else { "transfer.call" };
            Letter {
                lang: lang.code().to_string(),
                title: t("transfer.notice.returned.title"),
                lead: vec![knows.messages.tf(lang, "transfer.notice.returned.lead", &values)],
                people: Vec::new(),
                parts: vec![
                    Part {
                        heading: t("notice.next"),
                        lines: vec![knows.messages.tf(lang, "transfer.notice.returned.next", &values)],
                    },
                    Part {
                        heading: t("transfer.notice.agency"),
                        lines: vec![knows.messages.tf(lang, call, &values), t("transfer.notice.rights")],
                    },
                ],
            }
        };
        Notice { letters: knows.messages.languages().map(letter).collect() }
    }
}

/// What an agency knows, as answers: names, birthdays, sex, address, who is related, who works where. What a page would not take
/// is left out, and asked.
fn sheet(tree: &Element) -> Option<Sheet> {
    let application = tree.child("InsuranceApplication")?;
    let contact = application.at("SSFPrimaryContact/RoleOfPersonReference")?.reference.as_deref()?;
    let applying: Vec<&str> = application
        .all("InsuranceApplicant")
        .filter_map(|own| own.child("RoleOfPersonReference")?.reference.as_deref())
        .collect();
    let mut sheet = Sheet::default();
    let you = tree.all("Person").find(|own| own.id.as_deref() == Some(contact))?;
    person(&mut sheet, YOU, you, &applying);
    home(&mut sheet, you);
    let kin = |id: &str| {
        let more = you.child("PersonAugmentation")?;
        let own = more
            .all("PersonAssociation")
            .find(|own| own.child("PersonReference").and_then(|own| own.reference.as_deref()) == Some(id))?;
        codes::relation_of_code(own.text_at("FamilyRelationshipCode")?)
    };
    for other in tree.all("Person").filter(|own| own.id.is_some() && own.id.as_deref() != Some(contact)) {
        let Some(row) = sheet.add(Table::People) else { break };
        person(&mut sheet, row, other, &applying);
        let relation = other.id.as_deref().and_then(kin);
        sheet.set("relation", row, relation.unwrap_or_default());
    }
    Some(sheet)
}

fn person(sheet: &mut Sheet, row: RowId, own: &Element, applying: &[&str]) {
    let text = |path: &str| own.text_at(path).unwrap_or_default().trim().to_string();
    let name = |path: &str| {
        let name: String = text(path).chars().filter(|c| !c.is_numeric()).take(kinds::NAME_MAX).collect();
        name.trim().to_string()
    };
    sheet.set("first_name", row, &name("PersonName/PersonGivenName"));
    sheet.set("middle_name", row, &name("PersonName/PersonMiddleName"));
    sheet.set("last_name", row, &name("PersonName/PersonSurName"));
    if let Some(born) = own.text_at("PersonBirthDate/Date").and_then(day) {
        sheet.set("birth_date", row, &format!("{}/{}/{}", u8::from(born.month()), born.day(), born.year()));
    }
    match text("PersonSexText").as_str() {
        "Male" => sheet.set("sex", row, "male"),
        "Female" => sheet.set("sex", row, "female"),
        _ => {}
    }
    if let Some(ssn) = kinds::ssn(&text("PersonSSNIdentification/IdentificationID")) {
        sheet.set("ssn", row, &ssn);
    }
    match text("PersonUSCitizenIndicator").as_str() {
        "true" | "1" => sheet.set("citizen", row, "yes"),
        "false" | "0" => sheet.set("citizen", row, "no"),
        _ => {}
    }
    let applies = own.id.as_deref().is_some_and(|id| applying.contains(&id));
    sheet.set("applying", row, if applies { "yes" } else { "no" });
    if let Some(more) = own.child("PersonAugmentation") {
        incomes(sheet, row, more);
    }
}

/// Kinds of income alone: how much it is by now, they say themselves.
fn incomes(sheet: &mut Sheet, row: RowId, more: &Element) {
    let mut kinds: Vec<&str> = more
        .all("PersonIncome")
        .filter(|own| own.text_at("IncomeFrequency/FrequencyCode").and_then(codes::frequency_of_code).is_some())
        .filter_map(|own| codes::income_of_code(own.text_at("IncomeCategoryCode")?))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    sheet.set("income_kinds", row, &kinds.join(","));
}

fn home(sheet: &mut Sheet, you: &Element) {
    let Some(more) = you.child("PersonAugmentation") else { return };
    let ways: Vec<&Element> = more.all("PersonContactInformationAssociation").collect();
    let address = |kind: &str| {
        let of = ways.iter().filter(|own| own.text_at("ContactInformationCategoryCode") == Some(kind));
        of.filter_map(|own| own.at("ContactInformation/ContactMailingAddress/StructuredAddress")).next()
    };
    if let Some(home) = address("Home").or_else(|| address("Residency")) {
        let text =
            |path: &str, most: usize| home.text_at(path).unwrap_or_default().chars().take(most).collect::<String>();
        sheet.set("street", HOUSEHOLD, &text("LocationStreet/StreetFullText", 100));
        sheet.set("unit", HOUSEHOLD, &text("AddressSecondaryUnitText", 40));
        sheet.set("city", HOUSEHOLD, &text("LocationCityName", 60));
        sheet.set("zip", HOUSEHOLD, &text("LocationPostalCode", 5));
    }
    let phone = ways.iter().find_map(|own| {
        own.text_at("ContactInformation/ContactTelephoneNumber/FullTelephoneNumber/TelephoneNumberFullID")
    });
    if let Some(phone) = phone.and_then(|phone| kinds::digits(phone, 10)) {
        sheet.set("phone", HOUSEHOLD, &phone);
    }
}
