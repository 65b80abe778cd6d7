// The examples of Amazon's documentation: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#include "platform/storage/sigv4.hpp"

#include <doctest/doctest.h>

#include "tests/support/cpp/print.hpp"

using namespace airi;

namespace {

const storage::signer documented{
    "AKIAIOSFODNN7EXAMPLE", secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1", "s3"};
const auto at = parse_instant("2013-05-24T00:00:00Z").value();
constexpr std::string_view host = "examplebucket.s3.amazonaws.com";

std::string authorization(const storage::unsigned_request& request) {
    const auto headers = storage::sign(documented, request, at);
    CHECK(headers.back().first == "authorization");
    return headers.back().second;
}

std::string expected(const std::string& names, const std::string& signature) {
    return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
           names + ",Signature=" + signature;
}

}  // namespace

TEST_CASE("a GET with a range is signed as documented") {
    CHECK(authorization({"GET", host, "/test.txt", "", {{"range", "bytes=0-9"}}, ""}) ==
          expected("host;range;x-amz-content-sha256;x-amz-date",
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST_CASE("a PUT is signed with its body as documented") {
    const storage::header_list headers{
        {"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    CHECK(authorization({"PUT", host, "/test%24file.text", "", headers, "Welcome to Amazon S3."}) ==
          expected("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST_CASE("a list of a bucket is signed with its query as documented") {
    CHECK(authorization({"GET", host, "/", "max-keys=2&prefix=J", {}, ""}) ==
          expected("host;x-amz-content-sha256;x-amz-date",
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}
