#include "tests/entra/pages.h"

namespace jit::entra {

namespace {

constexpr const char *style = R"(
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; padding: 1rem; background: #eef1f5;
  color: #1b1b1b; }
main { max-width: 26rem; margin: 8vh auto; padding: 2rem; background: #fff; border-radius: .5rem;
  box-shadow: 0 2px 8px #0003; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
label.field { display: block; font-weight: 600; margin-bottom: .25rem; }
input[type=text] { box-sizing: border-box; width: 100%; font: 1.25rem ui-monospace, monospace;
  letter-spacing: .15em; padding: .5rem; border: 1px solid #666; border-radius: .25rem; }
fieldset { border: 0; margin: 0 0 1rem; padding: 0; }
legend { font-weight: 600; padding: 0; }
.account { display: flex; gap: .75rem; align-items: center; padding: .5rem; border-radius: .25rem; }
.account:hover { background: #8882; }
.account small { display: block; color: #555; }
button { font: inherit; padding: .5rem 1.5rem; margin: 1rem .5rem 0 0; border-radius: .25rem;
  border: 1px solid #0a5cb8; background: #0a5cb8; color: #fff; cursor: pointer; }
button.quiet { background: transparent; color: inherit; border-color: #888; }
:focus-visible { outline: 3px solid #f5a623; outline-offset: 2px; }
[role=alert] { border-left: 4px solid #b3261e; padding: .25rem .75rem; }
footer { margin-top: 2rem; font-size: .85rem; color: #666; }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #eee; } main { background: #23262b; }
  .account small, footer { color: #aaa; } }
)";

Reply make_page(int status, const std::string &title, const std::string &content)
{
    Reply reply;
    reply.status = status;
    reply.type = "text/html; charset=utf-8";
    reply.body = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<title>" +
                 title + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<main>\n<h1>" +
                 title + "</h1>\n" + content +
                 "<footer>A test directory: this is not Microsoft.</footer>\n"
                 "</main>\n</body>\n</html>\n";
    reply.headers = {{"Cache-Control", "no-store"},
                     {"X-Frame-Options", "DENY"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                                 "form-action 'self'; frame-ancestors 'none'"}};
    return reply;
}

std::string code_form(const std::string &path, const std::string &prefill)
{
    return "<form method=\"post\" action=\"" + escape_html(path) +
           "\">\n<label class=\"field\" for=\"code\">Code</label>\n"
           "<input type=\"text\" id=\"code\" name=\"code\" required autofocus maxlength=\"32\" "
           "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" value=\"" +
           escape_html(prefill) + "\">\n<button type=\"submit\">Next</button>\n</form>\n";
}

Reply refuse_code(const std::string &path, const std::string &code, const std::string &why)
{
    return make_page(400, "Enter code to allow access",
                     "<p role=\"alert\">" + why + "</p>\n" + code_form(path, code));
}

std::string reason_of(Decided decided)
{
    switch (decided) {
    case Decided::unknown:
        return "That code did not work. Check the code and try again. (AADSTS70018)";
    case Decided::expired:
        return "That code has expired. Go back to your device and start again. (AADSTS70019)";
    case Decided::already:
        return "That code was used already. Go back to your device and start again. (AADSTS90120)";
    case Decided::done:
        break;
    }
    return "";
}

std::string name_of_app(const World &world, const Flow &flow)
{
    const App *app = world.config.find_app(flow.client_id);
    return escape_html(app == nullptr ? flow.client_id : app->name);
}

std::string form_for(const std::string &path, const Flow &flow, const std::string &content)
{
    return "<form method=\"post\" action=\"" + escape_html(path) +
           "\">\n<input type=\"hidden\" name=\"code\" value=\"" + escape_html(flow.user_code) +
           "\">\n" + content + "</form>\n";
}

constexpr const char *decline_button =
    "<button type=\"submit\" name=\"decision\" value=\"decline\" class=\"quiet\" "
    "formnovalidate>Decline</button>\n";

Reply show_accounts(const World &world, const std::string &path, const Flow &flow,
                    const std::string &complaint)
{
    std::string accounts;
    for (const User &user : world.config.users)
        accounts +=
            "<label class=\"account\"><input type=\"radio\" name=\"user\" required value=\"" +
            escape_html(user.oid) + "\"><span>" + escape_html(user.name) + "<small>" +
            escape_html(user.upn) + (user.is_guest ? " (guest)" : "") + "</small></span></label>\n";
    return make_page(complaint.empty() ? 200 : 400, "Pick an account",
                     (complaint.empty() ? "" : "<p role=\"alert\">" + complaint + "</p>\n") +
                         "<p>You're signing in to " + name_of_app(world, flow) +
                         " on another device.</p>\n" +
                         form_for(path, flow,
                                  "<fieldset>\n<legend>Account</legend>\n" + accounts +
                                      "</fieldset>\n<button type=\"submit\">Sign in</button>\n" +
                                      decline_button));
}

Reply show_application(const World &world, const std::string &path, const Flow &flow,
                       const User &user)
{
    const App *app = world.config.find_app(flow.client_id);
    const std::string warning = app == nullptr ? "" : escape_html(app->warning);
    return make_page(
        200, "Are you trying to sign in to " + name_of_app(world, flow) + "?",
        (warning.empty() ? "" : "<p role=\"alert\" id=\"warning\">" + warning + "</p>\n") +
            "<p>You are signed in as " + escape_html(user.name) + " (" + escape_html(user.upn) +
            ").</p>\n<p>Continue only if you started this yourself, on a machine you trust. Never "
            "enter a code that somebody sent you.</p>\n" +
            form_for(path, flow,
                     "<input type=\"hidden\" name=\"user\" value=\"" + escape_html(user.oid) +
                         "\">\n<button type=\"submit\" name=\"decision\" value=\"approve\">"
                         "Approve</button>\n" +
                         decline_button));
}

} // namespace

Reply show_code_form(const std::string &path, const std::string &prefill)
{
    return make_page(200, "Enter code to allow access",
                     "<p>Enter the code that is displayed on your app or device.</p>\n" +
                         code_form(path, prefill));
}

Reply answer_page_form(World &world, const std::string &path, const Form &form, Now now)
{
    const std::string code = form.get("code");
    const auto flow = world.flows.find(code);
    if (!flow)
        return refuse_code(path, code, reason_of(Decided::unknown));
    if (flow->state != FlowState::pending)
        return refuse_code(path, code, reason_of(Decided::already));
    if (now.boot >= flow->expires)
        return refuse_code(path, code, reason_of(Decided::expired));

    const std::string choice = form.get("decision");
    const User *user = world.config.find_user(form.get("user"));
    if (choice == "approve" && user == nullptr)
        return show_accounts(world, path, *flow, "Pick an account first.");
    if (choice != "approve" && choice != "decline")
        return user == nullptr ? show_accounts(world, path, *flow, "")
                               : show_application(world, path, *flow, *user);

    Decision decision;
    decision.state = choice == "approve" ? FlowState::approved : FlowState::declined;
    decision.user_oid = user == nullptr ? "" : user->oid;
    // Somebody else may have decided since it was looked up above.
    if (const Decided decided = world.flows.decide(code, decision, now); decided != Decided::done)
        return refuse_code(path, code, reason_of(decided));
    const std::string name = name_of_app(world, *flow);
    if (choice == "decline")
        return make_page(200, "Declined",
                         "<p>You did not sign in to " + name + ". You may close this page.</p>\n");
    return make_page(200, "You have signed in",
                     "<p>You have signed in to " + name + " as " + escape_html(user->name) +
                         ". You may now close this page and go back to your device.</p>\n");
}

} // namespace jit::entra
