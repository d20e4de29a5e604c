//! "How much care do you expect?" and the page on how a year's cost is estimated.

use crate::site::Site;

const WHO: &str = "year=2026&zip=45202&county=39061&people=40,38tn,9";

#[tokio::test]
async fn each_covered_person_is_asked_and_nothing_is_taken_for_granted() {
    let site = Site::open().await;
    for (address, said) in [
        (
            format!("/care?{WHO}"),
            [
                "How much care do you expect?",
                "Person 1 (40 years old)",
                "Person 3 (9 years old)",
                "change only the estimate, never a price",
                "at prices of 2014 raised to the level of 2026. Your own year will differ. Where the sex is not said",
                "A year with about 5 visits, 2 tests and 9 prescriptions.",
            ],
        ),
        (
            format!("/es/care?{WHO}"),
            [
                "¿Cuánta atención espera necesitar?",
                "Persona 1 (40 años)",
                "Persona 3 (9 años)",
                "Cambian solo el cálculo, nunca un precio",
                "con precios de 2014 llevados al nivel de 2026. Su propio año será distinto. Donde no se dice el sexo",
                "Un año con alrededor de 5 consultas, 2 pruebas y 9 recetas.",
            ],
        ),
    ] {
        let page = site.get(&address).await;
        assert_eq!(page.status, 200);
        assert!(page.header("cache-control").starts_with("public"));
        let words = page.words();
        page.says_all(&said);
        assert!(!page.text.contains("[…]") && !words.contains("Person 2") && !words.contains("Persona 2"), "{words}");
        for id in ["x1-any", "u1-any", "x3-any", "u3-any"] {
            assert!(page.is_ticked(id), "{id}");
        }
        assert_eq!(page.count("input[type=radio]"), 2 * (3 + 4 + 10) - 1);
        assert!(!page.has_field("u3-maternity"), "a child is not asked about a birth");
        assert_eq!(page.count("details[open]"), 0, "no condition is chosen");
    }
}

#[tokio::test]
async fn what_was_chosen_comes_back_and_the_rest_of_the_search_with_it() {
    let site = Site::open().await;
    let page = site.visit(&format!("/care?{WHO}&sex=f,m,m&care=decile-7,low,asthma&income=52000&metal=gold")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("cache-control").starts_with("private"));
    for id in ["x1-f", "u1-decile-7", "x3-m", "u3-asthma"] {
        assert!(page.is_ticked(id), "{id}");
    }
    assert!(!page.is_ticked("u1-any") && page.count("details[open]") == 1);
    assert!(!page.words().contains("Where the sex is not said"));
    // Nothing is lost on the way to the list, not even what was said about a person without coverage. The link back
    // changes nothing.
    let same = format!("/plans?{WHO}&sex=f,m,m&care=decile-7,low,asthma&income=52000&metal=gold");
    assert!(
        page.links().iter().any(|link| link.href.starts_with("/plans?") && site.said(&link.href) == site.said(&same)),
        "{:?}",
        page.links()
    );
    let list = page.choose("x1-f").choose("u1-any").choose("x3-any").choose("u3-diabetes").press("See plans").await;
    let canonical = format!("/plans?{WHO}&sex=f,m&care=,low,diabetes&income=52000&metal=gold");
    assert_eq!((list.status, site.said(&list.address)), (200, site.said(&canonical)));
    // The form's own fields settle to the same address of this page.
    let update = site.visit(&format!("/es/care?{WHO}&x1=m&u1=high")).await;
    assert!(update.address.starts_with("/es/care?"));
    assert_eq!(site.said(&update.address), site.said(&format!("/es/care?{WHO}&sex=m&care=high")));
}

#[tokio::test]
async fn a_birth_is_expected_for_someone_pregnant_unless_another_use_is_chosen() {
    let site = Site::open().await;
    let who = "year=2026&zip=45202&county=39061&people=30p";
    assert!(site.visit(&format!("/care?{who}")).await.is_ticked("u1-maternity"));
    assert!(site.visit(&format!("/care?{who}&care=any")).await.is_ticked("u1-any"));
}

#[tokio::test]
async fn unknown_choices_are_noted_and_missing_answers_asked_for() {
    let site = Site::open().await;
    let page = site.visit(&format!("/care?{WHO}&care=often")).await;
    assert_eq!(page.status, 200);
    page.says("We did not use “care=often” from the address");
    assert!(page.is_ticked("u1-any"));
    let asked = site.get("/es/care?people=40").await;
    assert!(asked.status == 200 && asked.has_field("zip"), "the ZIP is asked for");
}

#[tokio::test]
async fn how_a_year_is_estimated_is_explained_in_both_languages() {
    let site = Site::open().await;
    for (address, said) in [
        (
            "/about-costs",
            ["How we estimate a year's cost", "prices of 2014", "Plans that another plan matches or beats"],
        ),
        (
            "/es/about-costs",
            ["Cómo calculamos el costo de un año", "precios de 2014", "Planes que otro plan iguala o supera"],
        ),
    ] {
        let page = site.get(address).await;
        assert_eq!(page.status, 200);
        page.says_all(&said).says("45 CFR 147.130").says("45 CFR 156.420(e)");
        assert_eq!(page.count("h2"), 7);
    }
}
