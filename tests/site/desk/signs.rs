//! In and out: the first day, password and app together, idle time, what a terminal takes away.

use std::time::Duration;

use windowshop::operator::desk::{DeskCommand, OfLogin, RoleArg};

use super::people::{PASSWORD, Worker, add, desk, seconds, terminal};
use crate::office::people::World;
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn the_first_day_needs_a_code_a_password_and_an_app() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let code = add(bench, "maria", RoleArg::Reviewer).await;
        let browser = desk(&world);
        assert_eq!(browser.get("/desk").await.header("location"), "/desk/sign-in");
        let form = |login: &str, code: &str, password: &str| {
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("login", login), ("code", code), ("new_password", password)])
                .finish()
        };
        for (login, code, password, says) in [
            ("maria", "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ", PASSWORD, "Login or code is not right"),
            ("nobody", code.as_str(), PASSWORD, "Login or code is not right"),
            ("maria", code.as_str(), "short", "Make your password longer"),
            ("maria", code.as_str(), "maria maria maria", "made of your login"),
        ] {
            let page = browser.post("/desk/begin", &form(login, code, password)).await;
            assert_eq!(page.status, 422);
            page.says(says);
        }
        let first = browser.post("/desk/begin", &form("maria", &code, PASSWORD)).await;
        assert_eq!(first.header("location"), "/desk/app");
        let cookie = first.header("set-cookie");
        assert!(cookie.contains("HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
        // Before the app is proved nothing else is open.
        for page in ["/desk", "/desk/accounts", "/desk/record"] {
            assert_eq!(browser.get(page).await.header("location"), "/desk/sign-in", "{page}");
        }
        let setup = browser.visit("/desk/app").await;
        let wrong = browser.post("/desk/app", "code=000000").await;
        assert_eq!(wrong.status, 422);
        let shown = crate::office::affairs::apps_code(&setup, seconds(&world).await);
        let line = setup.fill("Code from your app", &shown).press("Finish").await;
        line.says("Nothing waits").says("maria");
        // The code of the first day is used up.
        let again = desk(&world).post("/desk/begin", &form("maria", &code, PASSWORD)).await;
        again.says("Login or code is not right");
        let out = line.press("Sign out").await;
        out.says("You are signed out");
        assert_eq!(browser.get("/desk").await.header("location"), "/desk/sign-in");
    })
    .await;
}

#[tokio::test]
async fn each_sign_in_takes_password_and_a_new_code_and_ends_when_nobody_is_there() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let browser = desk(&world);
        let now = seconds(&world).await;
        // The code that finished the setup was used.
        let used = maria.sign_in(&browser, PASSWORD, &maria.code(now)).await;
        assert_eq!((used.status, used.heading().as_str()), (422, "Sign in"), "{}", used.words());
        world.ahead.add(Duration::from_secs(90));
        let next = maria.code(seconds(&world).await);
        let wrong = maria.sign_in(&browser, "siete garzas sobre la mesa", &next).await;
        wrong.says("Login, password or code is not right");
        assert_eq!(wrong.value("Login"), "maria");
        let nobody = browser.post("/desk/sign-in", "login=nobody&password=x&code=000000").await;
        nobody.says("Login, password or code is not right");
        let line = maria.sign_in(&browser, PASSWORD, &next).await;
        assert_eq!(line.heading(), "Documents that wait", "{}", line.words());
        world.ahead.add(Duration::from_secs(14 * 60));
        assert_eq!(browser.get("/desk").await.status, 200, "used within fifteen minutes");
        world.ahead.add(Duration::from_secs(14 * 60));
        assert_eq!(browser.get("/desk").await.status, 200, "counted from the last use");
        world.ahead.add(Duration::from_secs(15 * 60 + 1));
        assert_eq!(browser.get("/desk").await.header("location"), "/desk/sign-in");
        // Many tries close the door for a while, whatever comes.
        for _ in 0..6 {
            maria.sign_in(&browser, "wrong wrong wrong wrong", "000000").await;
        }
        let closed = maria.sign_in(&browser, PASSWORD, &maria.code(seconds(&world).await)).await;
        assert_eq!(closed.status, 429);
        closed.says("There were too many tries");
    })
    .await;
}

#[tokio::test]
async fn a_terminal_lists_resets_and_disables() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let office = || bench.args();
        let of = |login: &str| OfLogin { office: office(), login: login.to_string() };
        let (said, _) = terminal(DeskCommand::List { office: office(), json: false }).await;
        assert!(said.contains("Nobody works at the desk yet"), "{said}");
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let (twice, ended) = terminal(DeskCommand::Add { of: of("maria"), role: RoleArg::Reviewer }).await;
        assert!(ended == 2 && twice.contains("already"), "{twice}");
        let (said, _) = terminal(DeskCommand::List { office: office(), json: true }).await;
        assert!(said.contains("\"login\": \"maria\"") && said.contains("\"state\": \"active\""), "{said}");
        let (said, ended) = terminal(DeskCommand::Reset(of("maria"))).await;
        assert!(ended == 0 && said.contains("/desk/begin"), "{said}");
        assert_eq!(maria.browser.get("/desk").await.header("location"), "/desk/sign-in", "signed out by the reset");
        let code = said.lines().last().expect("a code").to_string();
        let page = maria.browser.visit("/desk/begin").await;
        let page = page.fill("Login", "maria").fill("Code that you were given", &code).fill("New password", PASSWORD);
        assert_eq!(page.press("Go on").await.heading(), "Add your app");
        let (said, _) = terminal(DeskCommand::Disable(of("maria"))).await;
        assert!(said.contains("is disabled"), "{said}");
        assert_eq!(maria.browser.get("/desk/app").await.header("location"), "/desk/sign-in");
        let (said, ended) = terminal(DeskCommand::Disable(of("nobody"))).await;
        assert!(ended == 2 && said.contains("no account called nobody"), "{said}");
        let args =
            windowshop::operator::audit::AuditArgs { office: office(), owner: None, last: 50, ends: None, json: true };
        let (record, _) = windowshop::operator::audit::command(&args, crate::site::TODAY).await.expect("a record");
        for deed in ["desk_user_added", "desk_signed_in", "desk_user_reset", "desk_user_disabled"] {
            assert!(record.contains(deed), "{deed}: {record}");
        }
    })
    .await;
}
