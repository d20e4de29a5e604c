//! Whatever somebody types into a page of the office can be read nowhere else: not in the log at its most talkative, in
//! metrics, in an address that a page leads to, in a letter's text, in a dump of the store or in any of its files.

use std::sync::Arc;

use windowshop::config::HubSettings;
use windowshop::hub::Hub;
use windowshop::serve::now::{Jobs, Now};

use super::affairs::apps_code;
use super::people::World;
use crate::account::planted::{dump, files, holds};
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::on_each_engine;
use crate::web::Log;

const EMAIL: &str = "zanahoria.perez@example.org";
const OTHER_EMAIL: &str = "calabaza.perez@example.com";
const PASSWORD: &str = "quetzal bajo la lluvia 77";
const OTHER: &str = "ceiba vieja del camino 88";
const LAST: &str = "tamarindo sobre la mesa 99";
const WRONG: &str = "flamboyan rojo en la playa";
/// The income is long: five digits are the port of some connection one day.
const SEARCH: &str = "year=2026&zip=45202&county=39061&people=40,38p,5&income=8517349";

/// Every answer of the browser, and where it leads.
#[derive(Default)]
struct Seen(Vec<String>);

impl Seen {
    fn note(&mut self, page: Page) -> Page {
        self.0.push(page.address.clone());
        self.0.push(page.header("location").to_string());
        for (tag, name) in [("a[href]", "href"), ("form[action]", "action"), ("link[href]", "href")] {
            let found: Vec<String> =
                page.select(tag).iter().filter_map(|one| one.attr(name).map(str::to_string)).collect();
            self.0.extend(found);
        }
        page
    }

    async fn visit(&mut self, browser: &Site, address: &str) -> Page {
        let first = browser.get(address).await;
        let first = self.note(first);
        let page = browser.follow(first).await;
        self.note(page)
    }

    /// A form's body; where that leads.
    async fn post(&mut self, browser: &Site, address: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let first = browser.post(address, &body).await;
        let first = self.note(first);
        let page = browser.follow(first).await;
        assert!(matches!(page.status, 200 | 422), "{address}: {} {}", page.status, page.words());
        self.note(page)
    }
}

/// Every form of the office once wrong and once right; all secrets that came up on the way.
async fn everything(world: &World, seen: &mut Seen) -> Vec<String> {
    let own = world.browser();
    let mut secrets = Vec::new();
    let first = own.post("/account/save", SEARCH).await;
    let first = seen.note(first);
    let home = own.follow(first).await;
    let home = seen.note(home);
    secrets.extend(home.select("p.typed").iter().map(|code| code.text().collect::<String>()));
    seen.post(&world.browser(), "/account/resume", &[("code", "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ")]).await;
    seen.post(&world.browser(), "/account/resume", &[("code", &secrets[0])]).await.says("8,517,349");
    seen.post(&own, "/account/sign-up", &[("email", EMAIL), ("new_password", "zana")]).await;
    seen.post(&own, "/account/sign-up", &[("email", EMAIL), ("new_password", PASSWORD)]).await;
    let code = world.nth_code(1).await;
    seen.post(&own, "/account/step", &[("code", "9182 7364")]).await;
    seen.post(&own, "/account/step", &[("code", &code), ("known", "1")]).await.says("signed in as");
    secrets.extend([code.clone(), code.replace(' ', ""), "9182 7364".to_string()]);

    seen.post(&own, "/account/app/start", &[]).await;
    let setup = seen.visit(&own, "/account/app").await;
    let key: String = setup.select("p.typed").iter().flat_map(|key| key.text()).collect();
    let now = u64::try_from(world.opened.store.now().await.expect("a time") / 1000).expect("late");
    let shown = apps_code(&setup, now);
    seen.post(&own, "/account/app", &[("code", "000000")]).await;
    let codes = seen.post(&own, "/account/app", &[("code", &shown)]).await;
    let printed: Vec<String> = codes.select("ol.typed li").iter().map(|code| code.text().collect()).collect();
    assert_eq!(printed.len(), 10);
    secrets.extend(printed.iter().cloned());
    secrets.extend([key.replace(' ', ""), key]);

    let other = world.browser();
    seen.post(&other, "/account/sign-in", &[("email", EMAIL), ("password", WRONG)]).await;
    seen.post(&other, "/account/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await;
    seen.post(&other, "/account/step", &[("code", &printed[0])]).await.says("signed in as");
    seen.post(&own, "/account/password", &[("password", WRONG), ("new_password", OTHER)]).await;
    seen.post(&own, "/account/password", &[("password", PASSWORD), ("new_password", OTHER)]).await;
    seen.post(&own, "/account/email", &[("email", OTHER_EMAIL)]).await;
    let code = world.nth_code(2).await;
    seen.post(&own, "/account/step", &[("code", &code)]).await.says(OTHER_EMAIL);
    secrets.push(code);
    for page in ["/account/browsers", "/account/data", "/account/codes", "/account/delete"] {
        seen.visit(&own, page).await;
    }
    seen.post(&own, "/account/data", &[]).await;

    let lost = world.browser();
    seen.post(&lost, "/account/reset", &[("email", OTHER_EMAIL)]).await;
    let code = world.nth_code(3).await;
    let form = [("code", code.as_str()), ("new_password", LAST), ("app_code", printed[1].as_str())];
    seen.post(&lost, "/account/reset/code", &form).await.says("signed you out everywhere");
    secrets.push(code);
    // Locked, with a form on its way.
    seen.post(&lost, "/account/sign-in", &[("email", OTHER_EMAIL), ("password", LAST)]).await;
    seen.post(&lost, "/account/step", &[("code", &printed[2])]).await.says("signed in as");
    world.ahead.add(std::time::Duration::from_secs(16 * 60));
    seen.post(&lost, "/account/password", &[("password", LAST), ("new_password", WRONG)]).await;
    secrets
}

#[tokio::test]
async fn nothing_that_is_typed_on_a_page_can_be_read_anywhere_else() {
    on_each_engine(async |bench| {
        let (log, _guard) = Log::keep_all_events();
        let world = World::open(bench).await;
        let mut seen = Seen::default();
        let secrets = everything(&world, &mut seen).await;
        let (app, work) = (world.site.app.clone(), Arc::clone(&world.workers.counts));
        let jobs = Jobs { store: world.opened.store.clone(), work, hub: Hub::new(&HubSettings::none()) };
        let metrics = world.site.app.metrics.text(Now { app, jobs });
        world.opened.store.close().await;

        let mut all = files(bench);
        all.push(("the log".to_string(), log.text().into_bytes()));
        all.push(("metrics".to_string(), metrics.expect("text").into_bytes()));
        all.push(("addresses".to_string(), seen.0.join("\n").into_bytes()));
        all.push(("the dump".to_string(), dump(bench).await));
        for letter in world.texts() {
            // Whom it goes to, and the code that it brings, are what a letter is for.
            let lines = letter.lines().filter(|line| !line.starts_with("To: "));
            let text: Vec<&str> = lines.filter(|line| !secrets.iter().any(|secret| line.trim() == secret)).collect();
            all.push(("a letter".to_string(), text.join("\n").into_bytes()));
        }
        let typed = [EMAIL, OTHER_EMAIL, PASSWORD, OTHER, LAST, WRONG, "zanahoria", "calabaza", "8517349", "8,517,349"];
        for text in typed.into_iter().chain(secrets.iter().map(String::as_str)) {
            for (name, bytes) in &all {
                for form in
                    [text.to_string(), text.replace(' ', "+"), text.replace(' ', "%20"), text.replace('@', "%40")]
                {
                    assert!(!holds(bytes, &form), "{name} holds {form}");
                }
            }
        }
        // There is much to search, and the search would find it.
        assert!(seen.0.len() > 100, "only {} addresses were seen", seen.0.len());
        let talkative = log.text().contains("INSERT INTO account") || !bench.engine.starts_with("PostgreSQL");
        assert!(talkative, "the log is as talkative as it can be: {}", log.text());
        assert!(all.iter().any(|(name, bytes)| name == "metrics" && holds(bytes, "windowshop_store_writes")));
    })
    .await;
}
