//! When people can enroll: pages and calendar files on fixed days.

use time::OffsetDateTime;
use time::macros::{date, datetime};
use windowshop::eligibility::tables::Sources;
use windowshop::enroll;

use crate::site::Site;

/// Days of the season for 2027.
const BEFORE: OffsetDateTime = datetime!(2026-10-31 17:00 UTC);
const DURING: OffsetDateTime = datetime!(2026-11-21 17:00 UTC);
const LAST_DAY: OffsetDateTime = datetime!(2026-12-15 17:00 UTC);
const SECOND: OffsetDateTime = datetime!(2026-12-16 17:00 UTC);
const AFTER: OffsetDateTime = datetime!(2027-01-16 17:00 UTC);

#[tokio::test]
async fn open_enrollment_depends_on_day_state_and_year() {
    for (day, uri, said) in [
        (BEFORE, "/enroll?state=OH&year=2027", "Not yet. Open enrollment in Ohio for 2027 runs from November 1, 2026"),
        (
            DURING,
            "/enroll?state=OH&year=2027",
            "The last day to choose a plan that starts January 1, 2027 is December 15, 2026: 24 days left.",
        ),
        (DURING, "/enroll?state=OH&year=2027", "Open enrollment ends on January 15, 2027."),
        (DURING, "/enroll?state=OH&year=2027", "We have not confirmed all of these dates with the marketplace."),
        (DURING, "/enroll?year=2027", "At HealthCare.gov, choose a plan by December 15 to be safe"),
        (DURING, "/enroll?state=OH&year=2027", "to December 15, 2026: coverage starts January 1, 2027."),
        (DURING, "/enroll", "Open enrollment at HealthCare.gov (most states) for 2027 is open."),
        (DURING, "/enroll", "Today is November 21, 2026."),
        (DURING, "/enroll?state=OH&year=2026", "Open enrollment in Ohio for 2026 ended on January 15, 2026."),
        (DURING, "/enroll?state=OH&year=2026", "But open enrollment in Ohio for 2027 is open today"),
        (
            DURING,
            "/enroll?state=CO&year=2027",
            "Most likely yes. In most states, the last day to choose a plan for 2027",
        ),
        (DURING, "/enroll?state=ID&year=2027", "The last day to choose a plan is December 15, 2026: 24 days left."),
        (DURING, "/enroll?state=CA&year=2027", "that starts January 1, 2027 is December 31, 2026"),
        (
            DURING,
            "/enroll?state=CA&year=2026",
            "California has its own marketplace, Covered California, and its own dates",
        ),
        (LAST_DAY, "/enroll?state=OH", "December 15, 2026: today is the last day."),
        (SECOND, "/enroll?state=OH", "The last day to choose a plan is January 15, 2027: 30 days left."),
        (AFTER, "/enroll?state=OH&year=2027", "Open enrollment in Ohio for 2027 ended on January 15, 2027."),
        (AFTER, "/enroll?state=OH&year=2027", "We do not have the dates of the next open enrollment in Ohio yet"),
        (
            DURING,
            "/es/enroll?state=OH",
            "elegir un plan que comience el 1 de enero de 2027 es el 15 de diciembre de 2026: quedan 24 días.",
        ),
    ] {
        let page = Site::on(day).await.get(uri).await;
        assert_eq!(page.status, 200, "{uri}");
        page.says(said);
    }
}

#[tokio::test]
async fn each_day_has_its_own_page_and_no_shared_cache_keeps_it() {
    let (first, second) = (Site::on(DURING).await, Site::on(LAST_DAY).await);
    let page = first.get("/enroll?state=OH").await;
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert_eq!(page.header("set-cookie"), "");
    let asked = [("if-none-match", page.header("etag"))];
    assert_eq!(first.get_with("/enroll?state=OH", &asked).await.status, 304);
    assert_eq!(second.get_with("/enroll?state=OH", &asked).await.status, 200);
}

#[tokio::test]
async fn what_happened_opens_a_window() {
    let site = Site::on(DURING).await;
    // Ticked: the dates are asked next, without an error.
    let asked = site.visit("/enroll?state=OH&event=marriage&event=birth").await;
    assert_eq!(asked.status, 200);
    assert!(asked.words().contains("When did it happen") && asked.count("[name=had_marriage]") > 0);
    assert!(asked.count("[name=had_birth]") == 0 && asked.error_summary().is_empty());
    // The form's fields become one short address.
    let form = "/enroll?state=OH&year=2027&event=birth&month_birth=11&day_birth=3&year_birth=2026&month_moved=";
    let to = site.visit(form).await;
    assert!(to.address.starts_with("/enroll?state=OH&year=2027&my="), "{}", to.address);
    assert_eq!(site.said(&to.address), ["event=birth.2026-11-03", "state=OH", "year=2027"]);
    for (events, said) in [
        ("event=birth.2026-11-03", "The last day to choose a plan is January 2, 2027: 42 days left."),
        ("event=birth.11/3/2026", "Coverage can start on the day itself, November 3, 2026"),
        ("event=birth.2026-11-03", "45 CFR 155.420(d)(2)(i)"),
        ("event=loss_of_coverage.2026-12-31", "If you choose a plan today, coverage starts January 1, 2027."),
        ("event=loss_of_coverage.2027-03-31", "Not yet. You can choose a plan from January 30, 2027 to May 30, 2027."),
        ("event=moved.2026-11-01", "Only if at least one person who moved had health coverage"),
        (
            "event=moved.2026-11-01.no",
            "Probably not. This reason needs coverage in the 60 days before November 1, 2026.",
        ),
        ("event=moved.2026-11-01.no", "None of this lets you enroll today."),
        ("event=divorce_or_death.2026-09-01", "the last day to choose a plan was October 31, 2026."),
        (
            "event=divorce_or_death.2026-09-01",
            "open enrollment in Ohio for 2027 is open today, and until January 15, 2027",
        ),
        ("event=tribal_member", "You can enroll now, and at any time. You can change plans once a month."),
        ("event=marketplace_error.2026-11-01", "The marketplace decides when coverage starts."),
    ] {
        let page = site.visit(&format!("/enroll?state=OH&{events}")).await;
        assert_eq!(page.status, 200, "{events}");
        page.says(said);
    }
}

/// Abuse at home, a release from prison, a new immigration status: none of it may stand in a browser's history or a log.
#[tokio::test]
async fn what_happened_in_a_life_stands_in_no_address() {
    for site in [Site::on(DURING).await, Site::on(DURING).await.in_spanish()] {
        let asked = site.visit("/enroll?state=OH&event=domestic_abuse_or_abandonment&event=birth.2026-11-03").await;
        let answered = site.visit("/enroll?state=OH&event=released_from_incarceration.2026-11-03").await;
        for page in [asked, answered] {
            assert_eq!(page.status, 200, "{}", page.address);
            let links = page.links().into_iter().map(|link| link.href);
            for address in links.chain([page.address.clone()]) {
                let told = ["event", "domestic", "incarceration", "birth"].iter().find(|word| address.contains(**word));
                assert_eq!(told, None, "{address}");
            }
            for form in page.select("form") {
                let typed = form.select(&crate::site::page::css("input[name=event], .dates input")).next().is_some();
                assert!(!typed || form.attr("method") == Some("post"), "what happened is posted: {}", form.html());
                let carried = form.select(&crate::site::page::css("input[type=hidden][name=event]")).next();
                assert!(carried.is_none(), "carried readable: {}", form.html());
            }
        }
    }
}

#[tokio::test]
async fn what_was_typed_wrong_is_marked_and_kept() {
    let site = Site::on(DURING).await;
    for (query, field, said) in [
        ("event=birth&month_birth=2&day_birth=30&year_birth=2026", "month_birth", "Had a baby: This is not a date."),
        ("event=birth&month_birth=2&day_birth=3&year_birth=2062", "month_birth", "more than a year away"),
        ("event=birth&month_birth=2&day_birth=3&year_birth=1926", "month_birth", "more than three years ago"),
        ("event=birth&month_birth=2", "month_birth", "Enter the month, the day and the year"),
        ("event=birth.soon", "month_birth", "This is not a date."),
        ("event=lottery", "kinds", "We do not know the event “lottery”"),
        ("event=low_income_monthly.2026-11-01", "kinds", "“Low income, once a month” no longer lets people enroll"),
        ("state=ZZ", "state", "We do not know the state “ZZ”"),
        ("state=PR", "state", "Puerto Rico has no marketplace"),
        ("zip=00000", "state", "We do not know the ZIP code 00000"),
    ] {
        let page = site.visit(&format!("/enroll?{query}")).await;
        assert_eq!((page.status, page.header("cache-control")), (422, "private, no-store"), "{query}");
        let summary = page.error_summary();
        assert!(summary.iter().any(|line| line.0 == field && line.1.contains(said)), "{query}: {summary:?}");
        assert!(page.title().starts_with("Error: "));
    }
    let kept = site.visit("/enroll?event=birth&month_birth=2&day_birth=30&year_birth=2026").await;
    assert_eq!(["month_birth", "day_birth", "year_birth"].map(|field| kept.value(field)), ["2", "30", "2026"]);
    assert!(kept.is_ticked("e_birth"));
    for rude in ["/enroll?event=%3Cscript%3E", "/enroll?year=99999999999&state=%00", "/enroll?flavor=red&year=1999"] {
        let page = site.visit(rude).await;
        assert!([200, 422].contains(&page.status) && page.count("script") == 0, "{rude}: {}", page.status);
    }
}

#[tokio::test]
async fn deadlines_go_into_a_calendar() {
    let site = Site::on(DURING).await;
    for (uri, name, lines) in [
        (
            "/enroll/deadline.ics?state=OH&event=birth.2026-11-03",
            "special-enrollment-birth-2027-01-02.ics",
            &["DTSTART;VALUE=DATE:20270102", "DTEND;VALUE=DATE:20270103", "TRIGGER:-P7D", "DTSTAMP:20261121T170000Z"][..],
        ),
        (
            "/es/enroll/deadline.ics?state=OH&year=2027",
            "open-enrollment-2027-OH-2026-12-15.ics",
            &["DTSTART;VALUE=DATE:20261215", "UID:open-enrollment-2027-OH-2026-12-15@windowshop"][..],
        ),
    ] {
        let file = site.visit(uri).await;
        assert_eq!((file.status, file.header("content-type")), (200, "text/calendar; charset=utf-8"), "{uri}");
        assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        let body: Vec<&str> = file.text.strip_suffix("\r\n").expect("a last line break").split("\r\n").collect();
        assert_eq!((body[0], body[body.len() - 1]), ("BEGIN:VCALENDAR", "END:VCALENDAR"));
        assert!(body.iter().all(|line| line.len() <= 75 && !line.contains('\n')), "{}", file.text);
        let count = |line: &str| body.iter().filter(|l| **l == line).count();
        for part in ["VCALENDAR", "VEVENT", "VALARM"] {
            assert_eq!(count(&format!("BEGIN:{part}")), count(&format!("END:{part}")), "{part}");
        }
        assert!(lines.iter().all(|line| count(line) > 0), "{lines:?}: {}", file.text);
    }
    // Nothing that has a last day; and no date for a state that may end earlier.
    for uri in ["?event=tribal_member", "?event=birth", "", "?state=ZZ&year=2027", "?state=CO&year=2027", "?year=1999"]
    {
        assert_eq!(site.visit(&format!("/enroll/deadline.ics{uri}")).await.status, 404, "{uri}");
    }
}

#[tokio::test]
async fn every_link_to_a_calendar_file_leads_to_one() {
    let site = Site::on(DURING).await;
    let page = site.visit("/es/enroll?state=OH&year=2027&event=birth.2026-11-03&event=moved.2026-11-01").await;
    let links = page.links().into_iter().map(|link| link.href);
    let links: Vec<String> = links.filter(|link| link.contains(".ics")).collect();
    assert_eq!(links.len(), 3, "{links:?}");
    for link in links {
        assert_eq!(site.get(&link).await.header("content-type"), "text/calendar; charset=utf-8", "{link}");
    }
}

#[tokio::test]
async fn every_kind_and_every_change_has_words_in_both_languages() {
    let site = Site::on(DURING).await;
    let (messages, tables) = (&site.app.messages, &site.app.tables);
    let said = |key: String| {
        for lang in messages.languages() {
            assert!(messages.get(lang, &key).is_some(), "{key} in {lang:?}");
        }
    };
    // A day on which every kind was in force.
    let kinds: Vec<String> = tables.sep_kinds(date!(2024 - 06 - 01)).map(|kind| kind.code.clone()).collect();
    assert_eq!(kinds.len(), rows("sep_kinds").len());
    for kind in kinds {
        for part in ["name", "help", "proof"] {
            said(format!("sep.{kind}.{part}"));
        }
        assert_ne!(enroll::known_place(&kind), usize::MAX, "{kind} stands in no group of the page");
    }
    for row in rows("changes") {
        let key = row.split(',').nth(1).expect("a key");
        said(format!("{key}.title"));
        said(format!("{key}.words"));
    }
    (1..=12).for_each(|month| said(format!("month.{month}")));
}

/// The rows of a table, without comments and header.
fn rows(table: &'static str) -> Vec<String> {
    let sources = Sources::embedded();
    sources.text(table).lines().filter(|line| !line.starts_with('#')).skip(1).map(str::to_string).collect()
}

#[tokio::test]
async fn changes_are_listed_with_their_rule() {
    let site = Site::on(DURING).await;
    let words = site.get("/enroll?year=2027").await.words();
    let changed = "choose a plan by December 15 to be safe";
    for said in ["What changed for 2027", changed, "P.L. 119-21 s. 71119"] {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(site.get("/es/enroll?year=2026").await.words().contains("Terminó la ayuda adicional de 2021 a 2025"));
    // Not before its time.
    assert!(!Site::on(BEFORE).await.get("/enroll?year=2027").await.words().contains(changed));
}

#[tokio::test]
async fn the_page_is_light() {
    let site = Site::on(DURING).await;
    for uri in ["/enroll", "/es/enroll", "/es/enroll?state=OH&event=birth.2026-11-03&event=moved.2026-11-01"] {
        let address = site.visit(uri).await.address;
        let page = site.get_with(&address, &[("accept-encoding", "br")]).await;
        let length = page.body.len();
        assert!((1_000..14_600).contains(&length), "{uri}: {length} bytes {:?}", page.headers);
        assert_eq!(page.header("content-encoding"), "br");
    }
}

/// What begins, begins on the state's own day; what ends, ends when the day is over in Hawaii.
#[tokio::test]
async fn days_are_the_states_own_and_only_last_days_are_generous() {
    // Half past midnight in Ohio, half past eleven in Texas, evening in Hawaii.
    let opening = Site::on(datetime!(2026-11-01 04:30 UTC)).await;
    opening.get("/enroll?state=OH&year=2027").await.says_all(&["for 2027 is open", "Today is November 1, 2026."]);
    opening.get("/enroll?state=TX&year=2027").await.says_all(&["Not yet.", "Today is October 31, 2026."]);
    let born = opening.visit("/enroll?state=OH&event=birth.2026-11-01").await;
    born.says("You can enroll now").says_nothing_of("Not yet. You can enroll from");
    let closing = Site::on(datetime!(2027-01-16 05:30 UTC)).await;
    closing.get("/enroll?state=OH&year=2027").await.says_all(&["today is the last day", "Today is January 16, 2027."]);
    let over = Site::on(datetime!(2027-01-16 10:30 UTC)).await;
    over.get("/enroll?state=OH&year=2027").await.says("ended on January 15, 2027");
}

/// A reader of Spanish is led to the site in Spanish, or told that it is in English.
#[tokio::test]
async fn marketplaces_are_named_in_the_readers_language() {
    let site = Site::on(DURING).await;
    let link = async |address: &str, words: &str| {
        let page = site.get(address).await;
        let found = page.links().into_iter().find(|link| link.words == words);
        found.unwrap_or_else(|| panic!("{address} has no link “{words}”")).href
    };
    for address in ["/enroll?state=OH&year=2027", "/plans?zip=77002&people=40"] {
        assert_eq!(link(address, "Go to HealthCare.gov").await, "https://www.healthcare.gov");
        let spanish = format!("/es{address}");
        assert_eq!(link(&spanish, "Ir a CuidadoDeSalud.gov").await, "https://www.cuidadodesalud.gov");
    }
    assert!(link("/plans?zip=40202", "Go to kynect").await.contains("kynect"));
    link("/es/plans?zip=40202", "Ir a kynect (en inglés)").await;
}
