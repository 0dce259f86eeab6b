// The daemon's interface over a real socket, with a ledger in a folder and no root helper. Include
// tests/unit/cmocka_cpp.h first.
#pragma once

#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "jitd/api.h"
#include "lib/ipc/frame.h"
#include "lib/ipc/pins.h"
#include "tests/unit/jitd/graph_wire.h"
#include "tests/unit/sys/folder.h"
#include "tests/unit/sys/listener.h"

namespace jit::daemon::test {

using namespace std::chrono_literals;
using sys::test::Folder;

inline bool is_root_here()
{
    if (geteuid() != 0)
        print_message("skipped: needs to be root, to ask as root and as others\n");
    return geteuid() == 0;
}

struct Service {
    Service() : Service(nullptr) {}
    // In a folder that an earlier one has left.
    explicit Service(const Folder *left)
        : own(left == nullptr ? std::make_unique<Folder>() : nullptr),
          folder(left == nullptr ? *own : *left)
    {
        (void)unlink(path.c_str());
        loop = *sys::make_loop();
        assert_int_equal(chmod(folder.path.c_str(), 0711), 0);
        store = *Store::open(folder.path + "/jit.db", 1000);
        audit = std::make_unique<Audit>(*store);
        pins = std::make_unique<Pins>(*store);
        helper = std::make_unique<GrantClient>(loop.get(), folder.path + "/none");
        grants = *Grants::make(loop.get(), *store, *audit, *helper, "boot",
                               [](std::string_view, std::string_view) { return true; });
        requests =
            *Requests::make({loop.get(), *store, *audit, *grants, *helper, settings, *pins, [] {}});
        notices = *Notices::make(
            loop.get(), *store,
            [this](const net::HttpOptions &) -> Result<std::unique_ptr<net::HttpClient>> {
                auto made = std::make_unique<GraphWire>();
                hooks = made.get();
                return std::unique_ptr<net::HttpClient>{std::move(made)};
            });
        approvals = *Approvals::make({loop.get(), *audit, *requests, settings, notices.get()});
        settings.config.emplace();
        api = std::make_unique<Api>(Api::Parts{
            *store, *audit, *grants, *pins, *requests, *approvals, *helper, settings,
            [] { return true; }, [](const std::string &) { return std::vector<std::string>{}; },
            folder.path + "/leftovers"});
        Fd listening = sys::test::listen_at(path);
        assert_int_equal(chmod(path.c_str(), 0666), 0);
        server = *sys::VarlinkServer::make(
            loop.get(), std::move(listening), {"test", "io.jitd.Elevation", ""}, {16, 0, 16, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) { api->answer(exchange); });
    }

    // Asks as somebody, on a connection of its own; with "more" all replies are waited for.
    std::vector<ipc::Reply> ask_all(std::string_view method, const ipc::Json &parameters,
                                    uid_t uid = 0, bool more = true)
    {
        // The kernel notes the effective uid when the connection is made.
        assert_int_equal(seteuid(uid), 0);
        auto connected = sys::connect_unix(path);
        assert_int_equal(seteuid(0), 0);
        assert_true(connected.has_value());
        const Fd fd = *std::move(connected);
        const std::string frame = *ipc::encode_call(method, parameters.get(), more, false);
        assert_int_equal(send(fd.get(), frame.data(), frame.size(), MSG_NOSIGNAL), frame.size());
        ipc::FrameReader reader;
        std::vector<ipc::Reply> out;
        for (const BootTime until = boot_time() + 5s; boot_time() < until;) {
            (void)sd_event_run(loop.get(), 5000);
            char chunk[65536];
            const ssize_t got = recv(fd.get(), chunk, sizeof chunk, MSG_DONTWAIT);
            if (got > 0)
                assert_true(reader.add({chunk, static_cast<std::size_t>(got)}).has_value());
            while (const auto whole = reader.next()) {
                out.push_back(*ipc::decode_reply(*whole));
                if (!out.back().continues)
                    return out;
            }
        }
        out.push_back({"no answer", {}, false});
        return out;
    }
    ipc::Reply ask(std::string_view method, const ipc::Json &parameters, uid_t uid = 0)
    {
        return std::move(ask_all(method, parameters, uid, false).back());
    }
    AuditRecord newest() const { return *decode_record(store->read_untold()->back().text); }

    std::unique_ptr<Folder> own;
    const Folder &folder;
    std::string path = folder.path + "/socket";
    sys::Loop loop;
    Settings settings;
    std::unique_ptr<Store> store;
    std::unique_ptr<Audit> audit;
    std::unique_ptr<Pins> pins;
    std::unique_ptr<GrantClient> helper;
    std::unique_ptr<Grants> grants;
    std::unique_ptr<Requests> requests;
    GraphWire *hooks = nullptr; // what webhooks are sent; null: there are none
    std::unique_ptr<Notices> notices;
    std::unique_ptr<Approvals> approvals;
    std::unique_ptr<Api> api;
    std::unique_ptr<sys::VarlinkServer> server;
};

} // namespace jit::daemon::test
