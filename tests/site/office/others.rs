//! What is somebody else's is not there: every route with an ID below `/account` and `/desk`, read from the sources of the route
//! table, asked for by a stranger with the real IDs of another person, by GET and by POST, in both languages. A new route with
//! an ID fails here until it is said whose ID that is.

use std::collections::BTreeSet;

use axum::body::Body;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use windowshop::operator::desk::RoleArg;
use windowshop::store::schema::{self, Kind};

use super::people::{SEARCH, World, save};
use crate::apply::appeals::{appealed, applied, lose, notice_of};
use crate::desk::people::Worker;
use crate::proof::fences::routes_in;
use crate::proof::files::pdf;
use crate::proof::needs::text;
use crate::site::Site;
use crate::store::engines::{Bench, on_each_engine};
use crate::web::repository::{root, texts};

/// The sources that have routes below `/account` and `/desk`.
const TABLES: [&str; 6] = [
    "src/office/routes.rs",
    "src/apply/mod.rs",
    "src/proof/mod.rs",
    "src/choose/mod.rs",
    "src/coverage/mod.rs",
    "src/desk/mod.rs",
];

/// What another person has. IDs that a stranger could have read over their shoulder.
struct Theirs {
    owner: String,
    notice: String,
    appeal: String,
    dmi: String,
    document: String,
    draft: String,
    application: String,
    enrollment: String,
    /// An account of the desk, and what was set aside.
    desk_user: String,
    aside: String,
}

/// What stands in the braces of a route.
enum Braces<'t> {
    /// Somebody's: whoever it does not belong to finds nothing.
    Of(&'t str),
    /// A page, a row, a group of one's own application, a year: what it shows is the visitor's, whatever stands there.
    OwnRow,
}

impl Theirs {
    /// Whose ID a route takes; `None`: nobody has said so yet.
    fn of(&self, address: &str) -> Option<Braces<'_>> {
        let before = address.split('{').next().unwrap_or_default();
        Some(match before {
            "/account/notice/" => Braces::Of(&self.notice),
            "/account/appeal/" | "/desk/appeal/" => Braces::Of(&self.appeal),
            "/account/proof/document/" | "/desk/document/" => Braces::Of(&self.document),
            "/account/proof/" | "/desk/item/" => Braces::Of(&self.dmi),
            "/desk/accounts/" => Braces::Of(&self.desk_user),
            "/desk/aside/" => Braces::Of(&self.aside),
            "/account/coverage/" => Braces::Of(&self.enrollment),
            "/account/apply/" | "/account/shop/" | "/account/taxes/" => Braces::OwnRow,
            _ => return None,
        })
    }

    /// Every ID with the names that forms have for such things.
    fn form(&self) -> String {
        let ids =
            [&self.notice, &self.appeal, &self.dmi, &self.document, &self.draft, &self.application, &self.enrollment];
        let names =
            ["id", "of", "draft", "notice", "appeal", "dmi", "document", "application", "enrollment", "browser", "row"];
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (id, name) in ids.iter().flat_map(|id| names.iter().map(move |name| (id, name))) {
            form.append_pair(name, id);
        }
        form.append_pair("at", "1").append_pair("do", "send").append_pair("why", "mine").append_pair("reach", "1");
        form.append_pair("whose", "1").append_pair("what", "other").append_pair("keep", "yes").finish()
    }
}

/// Everything that the store holds of an owner, as it is. When they were last seen is left out: they look themselves.
async fn rows_of(bench: &Bench, owner: &str) -> BTreeSet<Vec<u8>> {
    let mut connection = bench.raw().await;
    let mut all = BTreeSet::new();
    for table in schema::tables().iter().filter(|table| !["session", "job"].contains(&table.name)) {
        if !table.columns.iter().any(|column| column.name == "owner") {
            continue;
        }
        let asked = format!("SELECT * FROM {} WHERE owner = $1", table.name);
        for row in sqlx::query(AssertSqlSafe(asked)).bind(owner).fetch_all(&mut connection).await.expect(table.name) {
            let mut bytes = table.name.as_bytes().to_vec();
            for column in &table.columns {
                bytes.push(0);
                match column.kind {
                    Kind::Text => bytes.extend(row.get::<Option<String>, _>(column.name).unwrap_or_default().bytes()),
                    Kind::Bytes => bytes.extend(row.get::<Option<Vec<u8>>, _>(column.name).unwrap_or_default()),
                    Kind::Integer => bytes.extend(format!("{:?}", row.get::<Option<i64>, _>(column.name)).bytes()),
                    Kind::Real => bytes.extend(format!("{:?}", row.get::<Option<f64>, _>(column.name)).bytes()),
                }
            }
            all.insert(bytes);
        }
    }
    connection.close().await.expect("it closes");
    all
}

/// Somebody who has everything: an application, its notices, an issue, a document, an appeal, a saved search.
async fn somebody(world: &World, bench: &Bench, browser: &Site) -> Theirs {
    let (owner, notice) = applied(bench, browser).await;
    let dmi = lose(world, bench, &owner).await;
    appealed(browser, &notice, |page| page).await;
    browser.upload(&format!("/account/proof/{dmi}"), &[("secret.pdf", &pdf("a")), ("bad.pdf", b"MZ\x90")]).await;
    save(browser, SEARCH).await;
    let of = |statement: &str| format!("{statement} WHERE owner = '{owner}'");
    let application = text(bench, &of("SELECT id FROM application")).await;
    let enrollment = "e".repeat(32);
    // Only its owner could open what was signed.
    bench
        .run_raw(&format!(
            "INSERT INTO enrollment (id, owner, application, number, choice, plan_year, plan, issuer, product, state, starts, \
             ends, signed, catalogue, follows, made_at, changed_at, version) \
             SELECT '{enrollment}', owner, id, '4821930755', 3, 2026, '12345OH0010001-04', '12345', 'medical', 'sent', \
             '2027-01-01', '2027-12-31', determination, 'catalogue-2027-20261101-0a1b2c3d', '', 1764000000000, \
             1764000001000, 2 FROM application WHERE id = '{application}'"
        ))
        .await;
    Theirs {
        notice: notice_of(bench, &owner, "eligibility").await,
        appeal: text(bench, &of("SELECT id FROM appeal")).await,
        document: text(bench, &of("SELECT id FROM document")).await,
        draft: text(bench, &of("SELECT id FROM draft")).await,
        application,
        enrollment,
        aside: text(bench, "SELECT id FROM aside").await,
        desk_user: String::new(),
        dmi,
        owner,
    }
}

/// Waits until nobody works on anything of theirs any more.
async fn quiet(bench: &Bench, owner: &str) -> BTreeSet<Vec<u8>> {
    let mut before = rows_of(bench, owner).await;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let now = rows_of(bench, owner).await;
        if now == before {
            return now;
        }
        before = now;
    }
}

#[test]
fn every_source_with_private_routes_is_read() {
    let found = texts("src", ".rs")
        .into_iter()
        .filter(|(_, text)| text.contains(".route(\"/account") || text.contains(".route(\"/desk"));
    let base = root().display().to_string() + "/";
    let found: BTreeSet<String> = found.map(|(path, _)| path.replace(&base, "")).collect();
    assert_eq!(found, TABLES.map(str::to_string).into());
    // Nothing is put together where this does not see it.
    for table in TABLES {
        let source = std::fs::read_to_string(root().join(table)).expect(table);
        let routes = source.matches(".route(").count();
        assert_eq!(source.matches(".route(\"/").count(), routes, "{table}: write each address out");
    }
}

#[tokio::test]
async fn no_route_shows_or_changes_what_is_somebody_elses() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let theirs = somebody(&world, bench, &world.browser()).await;
        let before = quiet(bench, &theirs.owner).await;
        assert!(before.len() > 10, "{} rows", before.len());
        let routes = TABLES.iter().filter(|table| !table.contains("/desk/")).flat_map(|table| routes_in(table));
        let mut seen = 0;
        for (address, posts) in routes {
            for prefix in ["", "/es"] {
                // Each a stranger of their own: some of these addresses end a visit.
                let stranger = world.browser();
                save(&stranger, SEARCH).await;
                let form = theirs.form();
                let of = address.contains('{').then(|| theirs.of(&address));
                let place = match &of {
                    None | Some(Some(Braces::OwnRow)) => ["{step}", "{row}", "{group}", "{*page}", "{year}"]
                        .into_iter()
                        .zip(["you", "1", "1", "plans", "2026"])
                        .fold(address.clone(), |place, (name, own)| place.replace(name, own)),
                    Some(Some(Braces::Of(id))) => address.replace("{id}", id),
                    Some(None) => panic!("{address}: say in `Theirs::of` whose ID that is"),
                };
                let mut place = format!("{prefix}{place}");
                // Some pages take one of several by its ID behind the address.
                if of.is_none() && !posts {
                    place += &format!("?of={0}&application={0}&notice={1}", theirs.application, theirs.notice);
                }
                let page = match posts {
                    true => stranger.post(&place, &form).await,
                    false => stranger.get(&place).await,
                };
                if let Some(Some(Braces::Of(_))) = of {
                    assert_eq!(page.status, 404, "{posts} {place}: {}", page.words());
                    seen += 1;
                }
                page.says_nothing_of("overtime").says_nothing_of("secret.pdf").says_nothing_of("Elm Bakery");
                // Files are another kind of form.
                if posts && address.contains("/proof/{id}") {
                    let page = stranger.upload(&place, &[("b.pdf", &pdf("b"))]).await;
                    assert_eq!(page.status, 404, "{place}");
                }
            }
        }
        assert!(seen >= 20, "{seen}");
        assert_eq!(rows_of(bench, &theirs.owner).await, before, "something of theirs has changed");
    })
    .await;
}

#[tokio::test]
async fn at_the_desk_what_a_colleague_has_open_is_neither_shown_nor_changed() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let mut theirs = somebody(&world, bench, &own).await;
        let jose = Worker::new(&world, bench, "jose", RoleArg::Supervisor).await;
        theirs.desk_user = text(bench, "SELECT id FROM desk_user").await;
        for page in [format!("/desk/item/{}", theirs.dmi), format!("/desk/appeal/{}", theirs.appeal)] {
            jose.browser.visit(&page).await.press("Open it").await.says("Ana Li");
        }
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let before = quiet(bench, &theirs.owner).await;
        let stranger = world.browser();
        save(&stranger, SEARCH).await;
        let mut seen = 0;
        for (address, posts) in routes_in("src/desk/mod.rs").into_iter().filter(|(address, _)| address.contains('{')) {
            let Some(Braces::Of(id)) = theirs.of(&address) else {
                panic!("{address}: say in `Theirs::of` whose ID that is")
            };
            let send = async |browser: &Site, id: &str| {
                let place = address.replace("{id}", id);
                match posts {
                    true => browser.post(&place, "reason=locked&to=").await,
                    false => browser.get(&place).await,
                }
            };
            let page = send(&maria.browser, id).await;
            assert!([200, 303, 403].contains(&page.status), "{address}: {}", page.status);
            for said in ["Ana Li", "overtime", "secret.pdf", "6789"] {
                page.says_nothing_of(said);
            }
            // What nobody has is not there, for a supervisor either.
            let missing = send(&jose.browser, &"0".repeat(32)).await;
            let told = ["note=gone", "note=same"].iter().any(|note| missing.header("location").contains(note));
            assert!(missing.status == 404 || told, "{address}: {} {}", missing.status, missing.header("location"));
            // People and their browsers have no such page at all.
            for browser in [&stranger, &own] {
                assert_eq!(send(browser, id).await.status, 404, "{address}");
            }
            seen += 1;
        }
        assert!(seen >= 14, "{seen}");
        assert_eq!(rows_of(bench, &theirs.owner).await, before, "something of theirs has changed");
        // From another site nothing is taken.
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
        let place = format!("/desk/appeal/{}/back", theirs.appeal);
        assert_eq!(jose.browser.send("POST", &place, &headers, Body::empty()).await.status, 403);
    })
    .await;
}
