# Varnish 7 in front of Windowshop. Use it unmodified; what differs from site to site is in windowshop-local.vcl, found by
# vcl_path: the servers with their probes, the choice among them, the ACL `operators`. tests/cdn runs exactly this file.
#
#   varnishd -f /etc/varnish/windowshop.vcl -p vcl_path=/etc/varnish -p http_gzip_support=off -s malloc,1g -a :80
#
# http_gzip_support is off because Windowshop sends each coding separately, each with its own strong ETag.
vcl 4.1;

import std;
import xkey;

include "windowshop-local.vcl";

sub vcl_recv {
    # Windowshop believes these of a proxy, so what a client claims stops here. To X-Forwarded-For Varnish has added the
    # client's own address, which is the one that counts.
    unset req.http.X-Request-Id;
    unset req.http.traceparent;
    # The office is its visitor's alone: passed on unread, cookies and all.
    unset req.http.X-Office;
    if (req.url ~ "^(/[a-z][a-z])?/account([/?]|$)") {
        set req.http.X-Office = "1";
        return (pass);
    }
    # Only what a page depends on reaches the key: path, query without advertisers' tags, one word for the coding.
    unset req.http.Cookie;
    unset req.http.Authorization;
    set req.url = regsuball(req.url, "([?&])(utm_[a-z_]+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|mc_cid|mc_eid|_ga|_gl)=[^&]*", "\1");
    set req.url = regsuball(req.url, "&&+", "&");
    set req.url = regsub(req.url, "\?&+", "?");
    set req.url = regsub(req.url, "[?&]+$", "");
    if (req.http.Accept-Encoding ~ "(?i)(^|[, ])br *(;(?! *q=0(\.0*)? *(,|$))|,|$)") {
        set req.http.Accept-Encoding = "br";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[, ])gzip *(;(?! *q=0(\.0*)? *(,|$))|,|$)") {
        set req.http.Accept-Encoding = "gzip";
    } else {
        unset req.http.Accept-Encoding;
    }

    # Operators may have everything from one catalogue, or everything, revalidated: the old pages stay as a fallback.
    if (req.method == "PURGE") {
        if (client.ip !~ operators) {
            return (synth(403));
        }
        set req.http.X-Purged = xkey.softpurge(req.http.Surrogate-Key);
        return (synth(200, "softly purged: " + req.http.X-Purged));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    # Windowshop marks each such answer private; this keeps their addresses out of every table here as well.
    if (req.url ~ "[?&](my|income|monthly|offer|offer_family|offer2|offer2_family|hra|hra_family|qsehra|sex|care|event|programs|q)=[^&]"
        || req.url ~ "[?&]people=[^&]*[pmcbglz]") {
        return (pass);
    }
    # An operator's warming goes through to the shop, and its result replaces the old page.
    if (req.http.X-Windowshop-Warm && client.ip ~ operators) {
        set req.hash_always_miss = true;
    }
    unset req.http.X-Windowshop-Warm;

    # While the shop is healthy no page is served beyond what it allows itself (s-maxage plus ten minutes).
    # When it is not, or has just failed (a restart), any page of the last day is better than none.
    if (req.restarts == 0 && std.healthy(req.backend_hint)) {
        set req.grace = 10m;
    } else {
        set req.grace = 24h;
    }
    return (hash);
}

sub vcl_hash {
    # Not the Host: the pages do not depend on it, so nobody can fill the cache by inventing names.
    hash_data(req.url);
    hash_data(req.http.Accept-Encoding);
    return (lookup);
}

sub vcl_backend_fetch {
    unset bereq.http.X-Purged;
    unset bereq.http.X-Office;
}

sub vcl_backend_response {
    # A bad answer never replaces a good page.
    if (beresp.status >= 500) {
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        return (deliver);
    }
    if (beresp.http.Cache-Control !~ "(?i)^public" || beresp.http.Set-Cookie) {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
        set beresp.grace = 0s;
        return (deliver);
    }
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    set beresp.grace = 24h;
    return (deliver);
}

sub vcl_backend_error {
    # Only seen where even the page /away was never fetched: warm it (docs/cdn.md).
    set beresp.http.Content-Type = "text/html; charset=utf-8";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "60";
    set beresp.body = {"<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Not available</title><h1>This page is not here right now</h1>
<p>Wait a minute, then load it again. Nothing is lost. If your deadline is today, go to HealthCare.gov or call 1-800-318-2596 (TTY 1-855-889-4325).</p>
<p lang="es">Espere un minuto y vuelva a cargar la página. No se pierde nada. Si hoy es su fecha límite, vaya a CuidadoDeSalud.gov o llame al 1-800-318-2596 (TTY 1-855-889-4325).</p></html>"};
    return (deliver);
}

sub vcl_deliver {
    # The office says itself what is the matter, and keeps what was typed.
    if (resp.status >= 500 && !req.http.X-Office && (req.method == "GET" || req.method == "HEAD")) {
        # First look for an older copy of the page, then for the page that says what to do.
        if (req.restarts == 0) {
            return (restart);
        }
        if (req.restarts == 1 && req.url !~ "^(/es)?/away$") {
            set req.http.X-Away = "1";
            set req.url = regsub(req.url, "^(/es(?=[/?]|$))?.*$", "\1/away");
            return (restart);
        }
    }
    if (req.http.X-Away && resp.status == 200) {
        set resp.status = 503;
        set resp.http.Cache-Control = "no-store";
        set resp.http.Retry-After = "60";
        unset resp.http.ETag;
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
}

sub vcl_synth {
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    set resp.body = resp.reason + {"
"};
    return (deliver);
}
