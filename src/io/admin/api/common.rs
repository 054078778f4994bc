//! What holds for every request, written into the document: tokens, and what is refused before a
//! handler sees it.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Object, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// What any request may be answered.
const OF_ALL: [(&str, &str); 4] = [
    ("401", "A token is wanted, and this is none"),
    (
        "403",
        "The token is one of a viewer, or the request comes from another page",
    ),
    ("429", "Too many wrong tokens: wait a minute"),
    ("500", "A bug, or a disk that fails"),
];

/// What a request with a body may be answered, too.
const OF_BODIES: [(&str, &str); 4] = [
    ("400", "The body cannot be understood"),
    ("408", "The body did not come within 10 seconds"),
    ("413", "The body is longer than 64 KiB"),
    ("415", "The body is not called application/json"),
];

/// The document with all that.
pub(super) fn with_common(mut document: OpenApi) -> OpenApi {
    let items = document.paths.paths.values_mut();
    for operation in items.flat_map(operations) {
        add(operation, &OF_ALL);
        if operation.request_body.is_some() {
            add(operation, &OF_BODIES);
        }
        tell_when_to_ask_again(operation);
    }
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", scheme);
    let nothing = SecurityRequirement::default();
    let token = SecurityRequirement::new::<_, [&str; 0], &str>("token", []);
    document.security = Some(vec![nothing, token]);
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        ..
    } = item;
    [get, put, post, delete].into_iter().flatten()
}

fn add(operation: &mut Operation, all: &[(&str, &str)]) {
    for (status, what) in all {
        let told = operation.responses.responses.entry((*status).to_owned());
        told.or_insert_with(|| RefOr::T(problem(what)));
    }
}

/// What says that it is not well (`/health`) says nothing of asking again.
fn tell_when_to_ask_again(operation: &mut Operation) {
    if operation.tags.iter().flatten().any(|tag| tag == "health") {
        return;
    }
    if let Some(RefOr::T(busy)) = operation.responses.responses.get_mut("503") {
        let seconds = Header::new(Object::with_type(Type::Integer));
        let seconds = HeaderBuilder::from(seconds)
            .description(Some("Seconds until it may be asked for again"))
            .build();
        busy.headers
            .insert("Retry-After".to_owned(), seconds.into());
    }
}

fn problem(what: &str) -> Response {
    let schema = Ref::from_schema_name("ApiProblem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(what)
        .content("application/json", content)
        .build()
}
