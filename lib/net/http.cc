#include "lib/net/http.h"

#include <malloc.h>
#include <sys/epoll.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/net/room.h"
#include "lib/net/transfer.h"
#include "lib/sys/event.h"

namespace jit::net {

namespace {

using Multi = Handle<CURLM, &curl_multi_cleanup>;

// Over HTTP/2 a few connections carry all transfers. Over HTTP/1.1 each transfer needs one, of some
// 50 kB: fewer starve at a latency of 100 ms, and without a cap every poll would open its own.
constexpr long http2_connections = 4;
constexpr long http1_connections = 32;
// Transfers at once, at most; what is beyond waits as it came.
constexpr std::size_t http2_transfers = 256;
constexpr std::size_t http1_transfers = 32;
constexpr std::size_t max_queued = 16'384;
// Who has waited so long finds that there is too little room.
constexpr std::chrono::milliseconds patience{100};
constexpr std::uint64_t timer_accuracy_us = 1000;

bool start_curl()
{
    static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return started;
}

class CurlClient final : public HttpClient
{
  public:
    explicit CurlClient(HttpOptions options) : options_(std::move(options)) {}
    ~CurlClient() override;
    CurlClient(const CurlClient &) = delete;
    CurlClient &operator=(const CurlClient &) = delete;

    Result<void> open(sd_event *loop);
    Transfer send(oidc::HttpRequest request, Done done) override;
    void cancel(Transfer transfer) override;

  private:
    static int on_socket_wanted(CURL *, curl_socket_t fd, int what, void *self, void *) noexcept;
    static int on_timer_wanted(CURLM *, long ms, void *self) noexcept;
    static int on_socket(sd_event_source *, int fd, std::uint32_t events, void *self) noexcept;
    static int on_timer(sd_event_source *, std::uint64_t, void *self) noexcept;
    bool watch(curl_socket_t fd, std::uint32_t events);
    void advance(curl_socket_t fd, int events);
    void collect();
    void conclude(CURL *easy, CURLcode result);
    void fit_connections(CURL *easy);
    std::size_t most() const { return is_http2_ ? http2_transfers : http1_transfers; }
    bool has_room() const { return transfers_.size() < std::min(room_.size(), most()); }
    bool start(Transfer id, oidc::HttpRequest &request, Done &done);
    void start_queued();
    void look_at_queue();
    void keep_connections();
    void refuse(Transfer id, Done done);
    void tell_refused();

    // One that waits for its turn, as long as it may take itself.
    struct Queued {
        oidc::HttpRequest request;
        Done done;
        BootTime since;
    };

    sd_event *loop_ = nullptr;
    HttpOptions options_;
    Transfer last_ = 0;
    bool is_http2_ = false; // as far as is known
    long connections_ = http2_connections;
    Room room_;
    long kept_ = static_cast<long>(Room::least); // connections that nobody uses
    std::map<Transfer, Queued> queued_;
    std::unique_ptr<sys::Timer> queue_timer_;
    std::map<Transfer, Done> refused_;
    std::unique_ptr<sys::Later> refusing_;
    sys::Source timer_;
    std::map<curl_socket_t, sys::Source> sockets_;
    std::vector<Easy> idle_;
    Multi multi_;
    std::map<Transfer, std::unique_ptr<Exchange>> transfers_;
};

CurlClient::~CurlClient()
{
    for (const auto &[id, exchange] : transfers_)
        curl_multi_remove_handle(multi_.get(), exchange->easy());
    transfers_.clear();
    multi_.reset(); // still calls on_socket_wanted() while it closes connections
}

Result<void> CurlClient::open(sd_event *loop)
{
    loop_ = loop;
    multi_.reset(curl_multi_init());
    if (!multi_)
        return Error{Code::internal, "curl gave no multi handle"};
    refusing_ = TRY(sys::Later::make(loop, [this] { tell_refused(); }));
    queue_timer_ = TRY(sys::Timer::make(loop, [this] { look_at_queue(); }));
    sd_event_source *timer = nullptr;
    if (const int r =
            sd_event_add_time(loop, &timer, CLOCK_MONOTONIC, 0, timer_accuracy_us, on_timer, this);
        r < 0)
        return Error{Code::internal, "no timer for curl", -r};
    timer_.reset(timer);
    sd_event_source_set_enabled(timer, SD_EVENT_OFF);

    CURLM *multi = multi_.get();
    const bool set =
        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, static_cast<void *>(this)) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_TIMERDATA, static_cast<void *>(this)) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX}) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_) == CURLM_OK;
    if (!set)
        return Error{Code::internal, "curl refused an option"};
    return {};
}

HttpClient::Transfer CurlClient::send(oidc::HttpRequest request, Done done)
{
    const Transfer id = ++last_;
    if (has_room() && queued_.empty()) {
        if (!start(id, request, done))
            refuse(id, std::move(done));
    } else if (queued_.size() >= max_queued) {
        refuse(id, std::move(done));
    } else {
        const BootTime now = boot_time();
        if (queued_.empty())
            queue_timer_->set(now + patience);
        queued_.emplace(id, Queued{std::move(request), std::move(done), now});
    }
    return id;
}

// False: `done` is still the caller's.
bool CurlClient::start(Transfer id, oidc::HttpRequest &request, Done &done)
{
    Easy easy;
    if (idle_.empty()) {
        easy.reset(curl_easy_init());
    } else {
        easy = std::move(idle_.back());
        idle_.pop_back();
    }
    auto exchange = std::make_unique<Exchange>(id, std::move(easy), std::move(request),
                                               std::move(done), options_);
    if (!exchange->is_ready() ||
        curl_multi_add_handle(multi_.get(), exchange->easy()) != CURLM_OK) {
        done = exchange->take_done();
        return false;
    }
    transfers_.emplace(id, std::move(exchange));
    if (room_.narrow(boot_time())) {
        keep_connections();
        (void)malloc_trim(0); // glibc keeps whole pages of what a crowd needed
    }
    return true;
}

void CurlClient::start_queued()
{
    while (!queued_.empty() && has_room()) {
        auto node = queued_.extract(queued_.begin());
        if (!start(node.key(), node.mapped().request, node.mapped().done))
            refuse(node.key(), std::move(node.mapped().done));
    }
}

// A provider that is slow for all of them: those who wait are told as if they had been sent.
void CurlClient::look_at_queue()
{
    const BootTime now = boot_time();
    while (!queued_.empty() && now - queued_.begin()->second.since >= options_.timeout) {
        const auto node = queued_.extract(queued_.begin());
        oidc::HttpReply reply;
        reply.outcome = oidc::HttpReply::Outcome::timed_out;
        node.mapped().done(std::move(reply));
    }
    if (!queued_.empty() && now - queued_.begin()->second.since >= patience) {
        room_.widen(most(), now);
        keep_connections();
        start_queued();
    }
    if (queued_.empty())
        return;
    const BootTime since = queued_.begin()->second.since;
    queue_timer_->set(room_.size() < most() ? std::max(since, now) + patience
                                            : since + options_.timeout);
}

void CurlClient::keep_connections()
{
    const long wanted = std::min(static_cast<long>(room_.size()), http1_connections);
    if (wanted != std::exchange(kept_, wanted))
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_);
}

void CurlClient::cancel(Transfer transfer)
{
    refused_.erase(transfer);
    queued_.erase(transfer);
    const auto found = transfers_.find(transfer);
    if (found == transfers_.end())
        return;
    // With its message, should curl be done with it already.
    curl_multi_remove_handle(multi_.get(), found->second->easy());
    transfers_.erase(found);
    start_queued();
}

void CurlClient::refuse(Transfer id, Done done)
{
    refused_.emplace(id, std::move(done));
    refusing_->schedule();
}

// Only those of before: what is called back may send again and be refused again.
void CurlClient::tell_refused()
{
    const Transfer last = last_;
    while (!refused_.empty() && refused_.begin()->first <= last) {
        const Done done = std::move(refused_.begin()->second);
        refused_.erase(refused_.begin());
        done(oidc::HttpReply{});
    }
}

// curl tells which descriptors it wants to hear of. It must not be called back from in here.
int CurlClient::on_socket_wanted(CURL *, curl_socket_t fd, int what, void *self, void *) noexcept
{
    auto *client = static_cast<CurlClient *>(self);
    if (what == CURL_POLL_REMOVE) {
        client->sockets_.erase(fd);
        return 0;
    }
    std::uint32_t events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EPOLLOUT;
    return client->watch(fd, events) ? 0 : -1; // -1: curl gives up all transfers
}

bool CurlClient::watch(curl_socket_t fd, std::uint32_t events)
{
    if (const auto found = sockets_.find(fd); found != sockets_.end())
        return sd_event_source_set_io_events(found->second.get(), events) >= 0;
    sd_event_source *source = nullptr;
    if (sd_event_add_io(loop_, &source, fd, events, on_socket, this) < 0)
        return false;
    sockets_[fd].reset(source);
    return true;
}

// Only arms the timer, also for 0 ms: curl forbids being called from here.
int CurlClient::on_timer_wanted(CURLM *, long ms, void *self) noexcept
{
    sd_event_source *timer = static_cast<CurlClient *>(self)->timer_.get();
    if (ms < 0)
        return sd_event_source_set_enabled(timer, SD_EVENT_OFF) < 0 ? -1 : 0;
    const auto usec = static_cast<std::uint64_t>(ms) * 1000;
    // Zero begins a transfer: the loop would put it off by all that a timer may be late.
    if (sd_event_source_set_time_accuracy(timer, ms == 0 ? 1 : timer_accuracy_us) < 0 ||
        sd_event_source_set_time_relative(timer, usec) < 0)
        return -1;
    return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

int CurlClient::on_socket(sd_event_source *, int fd, std::uint32_t events, void *self) noexcept
{
    int bits = 0;
    if ((events & EPOLLIN) != 0)
        bits |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0)
        bits |= CURL_CSELECT_OUT;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        bits |= CURL_CSELECT_ERR;
    static_cast<CurlClient *>(self)->advance(fd, bits);
    return 0;
}

int CurlClient::on_timer(sd_event_source *, std::uint64_t, void *self) noexcept
{
    static_cast<CurlClient *>(self)->advance(CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

void CurlClient::advance(curl_socket_t fd, int events)
{
    int running = 0;
    curl_multi_socket_action(multi_.get(), fd, events, &running);
    collect();
}

// One at a time: what is called back may send and cancel.
void CurlClient::collect()
{
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        // The message itself is gone as soon as its handle is removed.
        CURL *easy = message->easy_handle;
        const CURLcode result = message->data.result;
        conclude(easy, result);
    }
}

void CurlClient::conclude(CURL *easy, CURLcode result)
{
    void *held = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &held);
    // What a place on this host speaks says nothing of the provider.
    if (!static_cast<const Exchange *>(held)->is_plain())
        fit_connections(easy);
    auto node = transfers_.extract(static_cast<Exchange *>(held)->id());
    const std::unique_ptr<Exchange> exchange = std::move(node.mapped());
    curl_multi_remove_handle(multi_.get(), easy);
    oidc::HttpReply reply = exchange->finish(result);
    const Done done = exchange->take_done();
    if (std::cmp_less(idle_.size(), kept_))
        idle_.push_back(exchange->take_easy());
    else if (std::cmp_greater(idle_.size(), kept_))
        idle_.pop_back();
    start_queued();
    done(std::move(reply));
}

void CurlClient::fit_connections(CURL *easy)
{
    long version = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (version == 0) // nothing came
        return;
    is_http2_ = version == CURL_HTTP_VERSION_2_0;
    const long wanted = is_http2_ ? http2_connections : http1_connections;
    if (wanted == connections_)
        return;
    connections_ = wanted;
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, connections_);
}

} // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::make(sd_event *loop, HttpOptions options)
{
    if (!start_curl())
        return Error{Code::internal, "curl could not be started"};
    auto client = std::make_unique<CurlClient>(std::move(options));
    TRY(client->open(loop));
    return std::unique_ptr<HttpClient>{std::move(client)};
}

} // namespace jit::net
