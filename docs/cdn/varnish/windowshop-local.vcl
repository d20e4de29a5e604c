# What differs from site to site. An example: two Windowshop servers on this machine's network.
import directors;

backend shop_a {
    .host = "10.0.0.11";
    .port = "8080";
    .connect_timeout = 1s;
    .first_byte_timeout = 20s;
    .max_connections = 200;
    .probe = { .url = "/readyz"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }
}
backend shop_b {
    .host = "10.0.0.12";
    .port = "8080";
    .connect_timeout = 1s;
    .first_byte_timeout = 20s;
    .max_connections = 200;
    .probe = { .url = "/readyz"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }
}

sub vcl_init {
    new shop = directors.round_robin();
    shop.add_backend(shop_a);
    shop.add_backend(shop_b);
}

sub vcl_recv {
    set req.backend_hint = shop.backend();
}

# Who may warm and purge. If a TLS proxy on this machine hands connections over, have it speak the PROXY protocol
# (`-a 127.0.0.1:8443,PROXY`): without that every visitor comes from localhost, and is an operator.
acl operators {
    "localhost";
    "10.0.0.0"/24;
}
