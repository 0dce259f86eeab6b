// TLS servers on loopback for the tests of this layer, with certificates made for the occasion.
#pragma once

#include <httplib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace jit::net {

// A folder with two authorities, and certificates for localhost: good, expired, of the other one.
class Certificates
{
  public:
    Certificates()
    {
        char name[] = "/tmp/jit-http-XXXXXX";
        folder_ = mkdtemp(name);
        const std::string script = "cd " + folder_ + R"( && exec 2>log && set -e
            printf '%s\n' '[ca]' 'default_ca=d' '[d]' 'dir=.' 'database=index' 'new_certs_dir=.' \
                'rand_serial=yes' 'default_md=sha256' 'policy=p' 'x509_extensions=e' '[p]' \
                'commonName=supplied' '[e]' 'subjectAltName=DNS:localhost' >ca.cnf
            : >index
            for ca in ca other; do
                openssl req -x509 -newkey rsa:2048 -nodes -keyout $ca.key -out $ca.pem -days 2 \
                    -subj "/CN=test $ca"
            done
            openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request -subj /CN=localhost
            sign() {
                openssl ca -batch -config ca.cnf -in request -notext -cert $2.pem -keyfile $2.key \
                    -startdate $3 -enddate $4 -out $1.pem
                : >index
            }
            sign good ca 20200101000000Z 20491231235959Z
            sign foreign other 20200101000000Z 20491231235959Z
            sign expired ca 20200101000000Z 20200102000000Z
        )";
        made_ = std::system(script.c_str()) == 0;
    }
    ~Certificates()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Certificates(const Certificates &) = delete;
    Certificates &operator=(const Certificates &) = delete;

    bool are_made() const { return made_; }
    std::string path(const std::string &name) const { return folder_ + "/" + name + ".pem"; }
    std::string text(const std::string &name) const
    {
        std::ifstream file{path(name)};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

  private:
    std::string folder_;
    bool made_ = false;
};

// Listens on a port of its own choice until it goes.
class TestServer
{
  public:
    // Called with the server before it starts, to give it handlers.
    template <typename Setup>
    TestServer(const Certificates &certificates, const std::string &certificate, Setup setup,
               int newest_tls = TLS1_3_VERSION)
        : server_([&](SSL_CTX &context) {
              SSL_CTX_set_max_proto_version(&context, newest_tls);
              SSL_CTX_set_min_proto_version(&context, TLS1_VERSION);
              if (newest_tls < TLS1_2_VERSION)
                  SSL_CTX_set_cipher_list(&context, "ALL:@SECLEVEL=0");
              return SSL_CTX_use_certificate_file(&context, certificates.path(certificate).c_str(),
                                                  SSL_FILETYPE_PEM) == 1 &&
                     SSL_CTX_use_PrivateKey_file(&context, certificates.path("key").c_str(),
                                                 SSL_FILETYPE_PEM) == 1;
          })
    {
        server_.set_tcp_nodelay(true);
        server_.set_keep_alive_timeout(1);
        // A connection has its thread until it ends: with fewer than the client may open, others
        // would wait for theirs until they give up.
        server_.new_task_queue = [] { return new httplib::ThreadPool(64); };
        setup(server_);
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread{[this] { server_.listen_after_bind(); }};
        while (!server_.is_running())
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    ~TestServer()
    {
        server_.stop();
        thread_.join();
    }
    TestServer(const TestServer &) = delete;
    TestServer &operator=(const TestServer &) = delete;

    std::string url(const std::string &path, const std::string &host = "localhost") const
    {
        return "https://" + host + ":" + std::to_string(port_) + path;
    }

  private:
    httplib::SSLServer server_;
    int port_ = 0;
    std::thread thread_;
};

} // namespace jit::net
