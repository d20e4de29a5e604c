//! The desk beside the site, and people who work there.

use windowshop::desk::Desk;
use windowshop::operator::desk::{DeskArgs, DeskCommand, OfLogin, RoleArg, command};
use windowshop::router;

use crate::office::affairs::apps_code;
use crate::office::people::World;
use crate::site::page::Page;
use crate::site::{Site, TODAY};
use crate::store::engines::Bench;

/// A password that is good enough.
pub const PASSWORD: &str = "siete garzas sobre el río";

/// A browser in front of the desk.
pub fn desk(world: &World) -> Site {
    let knows = crate::site::knows();
    let desk = Desk::new(&world.opened, &knows, &world.site.app.config);
    world.site.behind(router::of_desk(&world.site.app, &desk).expect("routes"))
}

/// What a terminal says.
pub async fn terminal(command_of: DeskCommand) -> (String, u8) {
    command(&DeskArgs { command: command_of }, TODAY).await.expect("it answers")
}

/// The code that a new account begins with.
pub async fn add(bench: &Bench, login: &str, role: RoleArg) -> String {
    let of = OfLogin { office: bench.args(), login: login.to_string() };
    let (said, ended) = terminal(DeskCommand::Add { of, role }).await;
    assert_eq!(ended, 0, "{said}");
    said.lines().last().expect("a code").to_string()
}

pub async fn seconds(world: &World) -> u64 {
    u64::try_from(world.opened.store.now().await.expect("a time") / 1000).expect("late")
}

/// Somebody at the desk: their browser, and the key of their app.
pub struct Worker {
    pub browser: Site,
    pub login: String,
    /// The page that showed the app's key.
    setup: Page,
}

impl Worker {
    /// Made at the terminal, set up, signed in.
    pub async fn new(world: &World, bench: &Bench, login: &str, role: RoleArg) -> Worker {
        let code = add(bench, login, role).await;
        let browser = desk(world);
        let page = browser.visit("/desk/begin").await;
        let page = page.fill("Login", login).fill("Code that you were given", &code).fill("New password", PASSWORD);
        let setup = page.press("Go on").await;
        assert_eq!(setup.heading(), "Add your app", "{}", setup.words());
        let shown = apps_code(&setup, seconds(world).await);
        let line = browser.visit("/desk/app").await.fill("Code from your app", &shown).press("Finish").await;
        assert_eq!(line.heading(), "Documents that wait", "{}", line.words());
        Worker { browser, login: login.to_string(), setup }
    }

    /// The app's code at a time.
    pub fn code(&self, seconds: u64) -> String {
        apps_code(&self.setup, seconds)
    }

    /// Signs in in another browser.
    pub async fn sign_in(&self, browser: &Site, password: &str, code: &str) -> Page {
        let page = browser.visit("/desk/sign-in").await;
        page.fill("Login", &self.login)
            .fill("Password", password)
            .fill("Code from your app", code)
            .press("Sign in")
            .await
    }
}
