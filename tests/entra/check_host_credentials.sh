# Part of test-emulator: tokens that a host gets for itself by a certificate (RFC 7523).
host_app=c1a50000-0000-4000-8000-000000000006
make_certificate() { # make_certificate NAME [OPTION...]: $tmp/NAME.pem and .key
    name=$1; shift
    openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$tmp/$name.key" \
        -out "$tmp/$name.pem" "$@" 2> /dev/null
}
base64url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }
thumbprint() { openssl x509 -in "$tmp/$1.pem" -outform DER | openssl dgst "-$2" -binary | base64url; }
token_endpoint=$authority/$tenant/oauth2/v2.0/token
number=0
# assertion [KEY]: made of $alg $thumb $aud $iss $sub $exp $jti, which reset_assertion sets.
reset_assertion() {
    number=$((number + 1))
    alg=RS256 thumb="\"x5t#S256\":\"$sha256\"" aud=$token_endpoint iss=$host_app sub=$host_app
    exp=$(($(date +%s) + 300)) jti=id-$number
}
assertion() {
    head=$(printf '{"typ":"JWT","alg":"%s",%s}' "$alg" "$thumb" | base64url)
    body=$(printf '{"aud":"%s","iss":"%s","sub":"%s","exp":%s,"nbf":%s,"jti":"%s"}' \
        "$aud" "$iss" "$sub" "$exp" "$(($(date +%s) - 10))" "$jti" | base64url)
    set -- "${1:-host}"
    [ "$alg" != PS256 ] || set -- "$1" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
    key=$tmp/$1.key; shift
    printf '%s.%s.%s' "$head" "$body" \
        "$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$key" "$@" | base64url)"
}
claim() { # claim ASSERTION [DATA...]
    sent=$1; shift
    post token grant_type=client_credentials "client_id=$host_app" "scope=${scope:-$graph/.default}" \
        client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
        "client_assertion=$sent" "$@"
    bearer=$(member "$tmp/reply" access_token 2> /dev/null)
}
try() { claim "$(assertion "$@")"; reset_assertion; }

make_certificate host; make_certificate stranger
sha1=$(thumbprint host sha1) sha256=$(thumbprint host sha256)
reset_assertion
do_control reset > /dev/null
try; check "without a registered certificate there is no token" refused 401 invalid_client 700027
check "a certificate is registered" do_control register "client_id=$host_app" "certificate_file=$tmp/host.pem"
check "what is none is not" fails do_control register "client_id=$host_app" certificate=x
used=$(assertion); claim "$used"; reset_assertion
check "it proves the application" same "$status" 200
check "which gets a token" is "$tmp/reply" token_type Bearer
check "and nothing else" is "$tmp/reply" refresh_token ""
claim "$used"; check "an assertion serves once" is "$tmp/reply" error invalid_client
alg=PS256; try; check "PS256 serves as well" same "$status" 200
thumb="\"x5t\":\"$sha1\""; try; check "and a thumbprint by SHA-1" same "$status" 200
try stranger; check "another key does not" refused 401 invalid_client 700027
thumb="\"x5t#S256\":\"$(thumbprint stranger sha256)\""; try stranger
check "nor another certificate" refused 401 invalid_client 700027
thumb='"kid":"1"'; try; check "nor none" refused 401 invalid_client 700027
alg=HS256; try; check "nor another algorithm" refused 401 invalid_client 5002738
aud=$authority/$tenant/v2.0; try; check "the audience counts" refused 401 invalid_client 700023
iss=$app; try; check "the issuer" refused 401 invalid_client 700021
sub=$app; try; check "the subject" refused 401 invalid_client 700021
exp=$(($(date +%s) - 5)); try; check "an expired one is refused" refused 401 invalid_client 700024
exp=$(($(date +%s) + 3600)); try; check "one that lives an hour too" refused 401 invalid_client 700024
jti=; try; check "and one without an id" is "$tmp/reply" error invalid_client
claim a.b; check "what is no JWT is said" refused 400 invalid_request 50027
scope=$graph/User.Read; try; check "the scope is .default" refused 400 invalid_scope 1002012
unset scope
post token grant_type=client_credentials "client_id=$host_app" "scope=$graph/.default"
check "an assertion is needed" refused 401 invalid_client 7000218
post token grant_type=client_credentials "client_id=$host_app" "scope=$graph/.default" client_secret=x
check "a secret is none" refused 401 invalid_client 7000215
fault host_token error:invalid_client:7000222; try; check "any error can be ordered" is "$tmp/reply" error_codes.0 7000222
fault host_token status:429:9; try; check "429 has Retry-After here too" has "$tmp/head" "Retry-After: 9"
expired() { # a certificate that was good in 2020, of the host's key
    printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s\nnew_certs_dir=%s\nrand_serial=yes\npolicy=p\n[p]\ncommonName=supplied\n' \
        "$tmp/index" "$tmp" > "$tmp/ca.cnf"
    : > "$tmp/index"
    openssl req -new -key "$tmp/host.key" -subj /CN=old -out "$tmp/old.csr" &&
        openssl ca -batch -config "$tmp/ca.cnf" -selfsign -keyfile "$tmp/host.key" -md sha256 \
            -startdate 200101000000Z -enddate 200201000000Z -in "$tmp/old.csr" -out "$tmp/old.pem"
}
check "a certificate can be old" expired
do_control register "client_id=$host_app" "certificate_file=$tmp/old.pem" keep_old=true > /dev/null
thumb="\"x5t#S256\":\"$(thumbprint old sha256)\""; try
check "an expired one does not serve" refused 401 invalid_client 700027
check "as is said" has "$tmp/reply" "The key used is expired."
make_certificate next
check "a second certificate" do_control register "client_id=$host_app" "certificate_file=$tmp/next.pem" keep_old=true
try; check "leaves the first" same "$status" 200
thumb="\"x5t#S256\":\"$(thumbprint next sha256)\""; try next; check "and serves as well" same "$status" 200
do_control register "client_id=$host_app" "certificate_file=$tmp/next.pem" > /dev/null
try; check "without keep_old it replaces all" refused 401 invalid_client 700027
do_control register "client_id=$host_app" "certificate_file=$tmp/host.pem" > /dev/null
state; check "these requests are counted by themselves" fails is "$tmp/state" requests.host_token 0
check "and not as the others" is "$tmp/state" requests.token 0

# --- what such a token opens
try
look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group'"
check "an application lists a group" is "$tmp/reply" value '[]'
on_behalf pim_activate "justification=jit K7Q2" duration=1800
look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group' and principalId eq '$alice'"
check "and who is active in it" is "$tmp/reply" value.0.principalId "$alice"
schedule=$(member "$tmp/reply" value.0.assignmentScheduleId)
look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group' and principalId eq '$bob'"
check "or not" is "$tmp/reply" value '[]'
look "$pim/assignmentScheduleRequests" "\$filter=groupId eq '$web_group' and principalId eq '$alice'"
check "the request has its justification" is "$tmp/reply" value.0.justification "jit K7Q2"
check "and the instance's schedule" is "$tmp/reply" value.0.targetScheduleId "$schedule"
check "and what was done" is "$tmp/reply" value.0.action selfActivate
settings page_size=1
do_control pim_activate user=bob@contoso.com "group=$web_group" justification=y > /dev/null
look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group'"
check "in pages" fails is "$tmp/reply" '@odata.nextLink' ""
call GET "$(member "$tmp/reply" '@odata.nextLink')"
check "to the end" is "$tmp/reply" value.0.principalId "$bob"
look "$pim/assignmentScheduleInstances"; check "a filter is needed" told 400 MissingParameters
look "$pim/assignmentScheduleInstances/filterByCurrentUser(on='principal')"
check "there is no current user" told 400 BadRequest
activate "$web_group" ""; check "it activates nothing" told 403 PermissionScopeNotGranted
policy_of "$web_group"; check "and has no other permission" told 403 PermissionScopeNotGranted
do_control register "client_id=$other_app" "certificate_file=$tmp/host.pem" > /dev/null
saved=$host_app host_app=$other_app; reset_assertion; try; host_app=$saved; reset_assertion
look "$pim/assignmentScheduleInstances" "\$filter=groupId eq '$web_group'"
check "without permissions a token opens nothing" told 403 PermissionScopeNotGranted
