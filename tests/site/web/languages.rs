//! Another language is a row and a folder: a made-up one, with longer words and another plural rule, appears on every
//! page of the site, and no word of another language is left on any.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use windowshop::app::App;
use windowshop::catalogue::Shelf;
use windowshop::router;
use windowshop::text::embedded::MESSAGES;
use windowshop::text::i18n::Messages;
use windowshop::text::languages::{LANGUAGES, Language};
use windowshop::web::door::Door;

use super::repository::{root, texts};
use crate::site::{Site, TODAY};

/// Counts roughly as Slavic languages do: one; two to four; more.
fn few_count(n: i64) -> &'static str {
    match n {
        1 => "one",
        2..=4 => "few",
        _ => "other",
    }
}

static THREE: [Language; 3] = [
    LANGUAGES[0],
    LANGUAGES[1],
    Language {
        code: "qps", name: "Þšéúðó", prefix: "/qps", plurals: &["one", "few", "other"], plural: few_count
    },
];

/// "Copay after {n} days" → "⟦Cóópááy ááftéér {n} dááys⟧": a third longer, and recognizable at sight.
fn lengthened(text: &str) -> String {
    let (mut long, mut inside) = (String::from("⟦"), false);
    for c in text.chars() {
        inside = (inside || c == '{') && c != '}';
        match "aeiou".find(c).filter(|_| !inside) {
            Some(at) => long += ["áá", "éé", "íí", "óó", "úú"][at],
            None => long.push(c),
        }
    }
    long + "⟧"
}

/// A folder's table with every text lengthened, and the plural forms that only this language has.
fn translated(table: &toml::Table) -> toml::Table {
    let mut translated: toml::Table = table
        .iter()
        .map(|(key, value)| match value {
            toml::Value::Table(inner) => (key.clone(), toml::Value::Table(translated(inner))),
            value => (key.clone(), toml::Value::String(lengthened(value.as_str().expect("a text")))),
        })
        .collect();
    if let (Some(_), Some(other)) = (table.get("one"), translated.get("other").cloned()) {
        translated.insert("few".to_string(), other);
    }
    translated
}

/// The messages of this build and of the third language.
fn three_languages() -> Messages {
    let english = MESSAGES.iter().find(|(code, _)| *code == "en").expect("English").1;
    let files: Vec<(&str, String)> =
        english.iter().map(|(name, text)| (*name, translated(&text.parse().expect("TOML")).to_string())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut folders = MESSAGES.to_vec();
    folders.push(("qps", &files));
    Messages::from_files(&THREE, &folders).unwrap_or_else(|faults| panic!("{}", faults.join("\n")))
}

/// Each template that is a page, with an address that shows it and the status it answers with.
pub(super) const PAGES: [(&str, &str, u16); 28] = [
    ("county.html", "/plans?zip=45241&people=40", 200),
    ("ask.html", "", 200),
    ("ask.html", "/plans?people=40", 200),
    ("ask.html", "/plans?zip=45202&people=forty&income=much", 422),
    ("ask.html", "/plans?zip=00000&people=40,,", 422),
    ("plans.html", "/plans?WHO", 200),
    ("plans.html", "/plans?HELPED&metal=silver,gold&with=hsa&sort=cost_bad&color=red", 200),
    ("plans.html", "/plans?WHO&q=nothing+has+this+name&premium=-1", 200),
    ("plans.html", "/plans?WHO&product=dental", 200),
    ("elsewhere.html", "/plans?zip=90001&people=40", 200),
    ("plan.html", "/plans/PLAN", 200),
    ("plan.html", "/plans/PLAN?HELPED", 200),
    ("year.html", "/plans/PLAN/costs?HELPED&case=bad", 200),
    ("compare.html", "/compare?HELPED&plan=PLAN&plan=OTHER", 200),
    ("compare.html", "/compare?WHO&plan=PLAN&plan=OTHER&only=differences", 200),
    ("sheet.html", "/sheet?HELPED&plan=PLAN&plan=OTHER", 200),
    ("how.html", "/how?WHO", 200),
    ("how.html", "/how?HELPED", 200),
    ("income.html", "/income?WHO&k1=wages&a1=2000&f1=monthly&k2=gifts&a2=5&f2=once", 200),
    ("income.html", "/income?WHO&k1=wages&a1=lots", 422),
    ("care.html", "/care?WHO", 200),
    ("enroll.html", "/enroll", 200),
    ("enroll.html", "/enroll?state=OH&event=marriage&event=birth", 200),
    ("enroll.html", "/enroll?state=nowhere&event=nothing", 422),
    ("glossary.html", "/glossary", 200),
    ("page.html", "/about-prices", 200),
    ("page.html", "/privacy", 200),
    ("error.html", "/nowhere", 404),
];

async fn ask(router: &Door, address: &str) -> (u16, String, String) {
    let request = Request::get(address).body(Body::empty()).expect("a request");
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let to = parts.headers.get("location").map(|to| to.to_str().expect("text").to_string()).unwrap_or_default();
    let text = String::from_utf8(body.collect().await.expect("a whole body").to_bytes().to_vec()).expect("UTF-8");
    (parts.status.as_u16(), to, text)
}

/// What is read, or read out: the text, and the attributes that hold words.
fn words(html: &str) -> String {
    let mut words = String::new();
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        for named in ["aria-label=\"", "title=\"", "alt=\"", "placeholder=\""] {
            let said = tag.split_once(named).and_then(|(_, after)| after.split_once('"'));
            words.extend(said.map(|(said, _)| format!("{said} ")));
        }
        // The style sheet stands in the page and is no word of it.
        words += if tag == "style" { "" } else { text };
        words.push(' ');
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Addresses of links and forms, except those to the same page in another language.
fn addresses(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(tag, _)| tag);
    let ours = tags.filter(|tag| !tag.contains("hreflang=") && !tag.starts_with("link"));
    ours.flat_map(|tag| ["href=\"", "action=\""].map(|named| tag.split_once(named)))
        .flatten()
        .filter_map(|(_, after)| after.split('"').next())
        .filter(|address| address.starts_with('/') && !address.starts_with("/assets/"))
        .map(str::to_string)
        .collect()
}

#[tokio::test]
async fn a_third_language_speaks_on_every_page() {
    let two = Site::open().await;
    let config = two.app.config.clone();
    let shelf = Shelf::open(&config.catalogues_dir(), &config.private_dir()).await.expect("a shelf");
    let app = App::speaking(three_languages(), shelf, config, || TODAY).expect("the site starts");
    let router = router::router(Arc::clone(&app));
    let who = "year=2026&zip=45202&county=39061&people=40,38t,5";
    let (_, _, csv) = ask(&router, &format!("/qps/plans.csv?{who}")).await;
    let plans: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.get(..14)).collect();
    let english = app.messages.of_code("en").expect("English");
    // Sentences that could only come from the wrong folder: names and single words may be the same in any language.
    let sentences: Vec<&str> =
        app.messages.keys().into_iter().filter_map(|key| app.messages.get(english, key)).collect();
    let sentences =
        sentences.iter().filter(|text| text.split(' ').count() > 2 && !text.contains(['{', '&', '\'', '"']));
    let sentences: Vec<&&str> = sentences.collect();
    assert!(sentences.len() > 500, "{}", sentences.len());
    for (template, address, status) in PAGES {
        let address = address.replace("HELPED", &format!("{who}&income=48000")).replace("WHO", who);
        let address = format!("/qps{}", address.replace("PLAN", plans[0]).replace("OTHER", plans[1]));
        let (mut got, mut to, mut html) = ask(&router, &address).await;
        if got == 303 {
            (got, to, html) = ask(&router, &to).await;
        }
        assert_eq!((got, to.as_str()), (status, ""), "{address}");
        let words = words(&html);
        assert!(html.contains("<html lang=\"qps\""), "{address}");
        assert!(words.matches('⟦').count() > 10, "{template} at {address} speaks its language");
        assert!(!words.contains("[…]"), "{address} lacks a message: {words}");
        assert!(!words.contains(['{', '}']), "{address} leaves a placeholder: {words}");
        assert_eq!(words.matches('⟦').count(), words.matches('⟧').count(), "{address} cuts a message short");
        let foreign: Vec<_> = sentences.iter().filter(|text| words.contains(***text)).collect();
        assert!(foreign.is_empty(), "{template} at {address} says in English: {foreign:?}");
        let strays: Vec<_> = addresses(&html).into_iter().filter(|to| !to.starts_with("/qps")).collect();
        assert!(strays.is_empty(), "{template} at {address} leaves its language: {strays:?}");
        let both = LANGUAGES.iter().all(|language| words.contains(language.name));
        assert!(both, "{address} offers all other languages");
    }
}

#[test]
fn every_page_template_is_listed() {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
    // The office's are visited by its own tests, which sign in.
    let office = |path: &str| {
        ["/office/", "/apply/", "/choose/", "/coverage/", "/proof/", "/operator/"]
            .iter()
            .any(|room| path.contains(room))
    };
    let shops = texts("templates", ".html").into_iter().filter(|(path, _)| !office(path));
    let pages = shops.filter(|(_, text)| text.starts_with("{% extends"));
    let pages: BTreeSet<String> = pages.map(|(path, _)| name(&path)).collect();
    let shown: BTreeSet<String> = PAGES.iter().map(|(template, ..)| (*template).to_string()).collect();
    assert_eq!(pages, shown, "name an address that shows the template in PAGES");
    assert!(root().join("templates/messages/en").is_dir());
}

#[test]
fn it_counts_in_its_own_way() {
    let messages = three_languages();
    let lang = messages.of_code("qps").expect("the third");
    let counted = [1, 3, 7].map(|n| messages.n(lang, "person.age", n));
    assert!(counted[1].contains('3') && counted[2].contains('7') && !counted[0].contains('{'), "{counted:?}");
    // A language that lacks one of its own forms is rejected.
    let two = Messages::from_files(&THREE, &[MESSAGES[0], MESSAGES[1], ("qps", MESSAGES[0].1)]);
    let faults = two.err().expect("a fault").join("\n");
    assert!(faults.contains("qps/: `person.age.few` is missing"), "{faults}");
}
