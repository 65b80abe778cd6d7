#include "workers/archive/reseal.hpp"

#include <charconv>
#include <set>
#include <unordered_set>

#include "workers/archive/topic_rules.hpp"

namespace airi::workers::archive {
namespace {

// The number of the manifest that an object was made for; -1: its name is no object's.
std::int64_t number_of(std::string_view name) {
    name.remove_prefix(name.rfind('/') + 1);
    std::int64_t out = -1;
    std::from_chars(name.data(), name.data() + name.size(), out);
    return out;
}

class resealing {
public:
    resealing(files& in, const std::string& topic,
        const std::function<void(const std::string& name, const std::string& what)>& fault)
        : in_(in), topic_(topic), fault_(fault) {}

    result<resealed> run() {
        const auto count = in_.next_number(topic_);
        if (!count) return count.error();
        for (std::int64_t number = 0; number < *count; ++number) {
            const auto stored = in_.manifest_of(topic_, number);
            if (!stored && stored.error() != errc::damaged) return stored.error();
            if (!stored || !*stored)
                add_fault(manifest_name(topic_, number), stored ? "missing" : "damaged");
            else if (const auto done = reseal(**stored); !done)
                return done.error();
        }
        const auto swept = in_.each_object(topic_, [&](const storage::object& one) { return sweep(one); });
        if (!swept) return swept.error();
        return out_;
    }

private:
    void add_fault(const std::string& name, const std::string& what) {
        ++out_.faults;
        fault_(name, what);
    }

    result<> reseal(const files::stored_manifest& stored) {
        const auto number = stored.manifest.number;
        edition next{digest_of(stored.text), {}};
        std::vector<std::string> replaced;
        for (const auto& entry : stored.manifest.objects) {
            next.objects.push_back(entry);
            if (entry.sealed) {
                auto anew = in_.reseal_object(topic_, number, entry);
                if (!anew && anew.error() != errc::damaged) return anew.error();
                if (!anew) {
                    add_fault(entry.name, "missing or damaged");
                } else if (*anew) {
                    replaced.push_back(entry.name);
                    next.objects.back() = std::move(**anew);
                } else {
                    ++out_.current;
                }
            }
            named_.insert(next.objects.back().name);
        }
        read_.insert(number);
        if (replaced.empty()) return {};
        if (const auto done = in_.put_edition(topic_, number, next); !done) return done;
        out_.objects += static_cast<std::int64_t>(replaced.size());
        for (const auto& name : replaced)
            if (const auto done = in_.remove(name); !done) return done;
        return {};
    }

    // Removes an object of an older key that a killed run has left. A manifest that was not read may name any of its
    // objects.
    result<> sweep(const storage::object& one) {
        if (named_.contains(one.name) || !read_.contains(number_of(one.name))) return {};
        const auto removed = in_.remove_outdated(one);
        if (!removed) return removed.error();
        out_.removed += *removed;
        return {};
    }

    files& in_;
    const std::string& topic_;
    const std::function<void(const std::string& name, const std::string& what)>& fault_;
    resealed out_;
    std::unordered_set<std::string> named_;
    std::set<std::int64_t> read_;  // numbers of manifests
};

}  // namespace

result<resealed> reseal_topic(files& in, const std::string& topic,
    const std::function<void(const std::string& name, const std::string& what)>& fault) {
    if (!is_sealed(topic)) return resealed{};
    return resealing(in, topic, fault).run();
}

}  // namespace airi::workers::archive
