// airi-picture: makes a new picture of the pixels of another one. It prints "ready", reads a JPEG, PNG or WebP from
// stdin, and prints a line "<media type> <width> <height>" and the picture: upright, in sRGB, without metadata. Exit
// status 1: there is no picture to be shown, for the reason on stderr; before "ready": it could not lock itself in.
//
// A decoder is what a hostile file attacks. So it is a program by itself: it gets no secret and no connection, may use
// little memory and time, and once it has begun to read, the system does nothing else for it.
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <vips/vips8>

namespace {

using vips::VImage;

constexpr int most_pixels = 2048;               // in each direction
constexpr std::size_t most_bytes = 512 * 1024;  // of an uploaded and of a stored picture
constexpr rlim_t most_memory = 768u << 20, most_seconds = 10;

struct refused {
    std::string why;
};

void limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
    const rlimit both{soft, hard};
    if (setrlimit(resource, &both) != 0) throw refused{"a limit could not be set"};
}

// Keeps neither what was inherited beside stdin, stdout and stderr, nor outlives its parent.
void limit_resources() {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (close_range(STDERR_FILENO + 1, ~0u, 0) != 0) throw refused{"descriptors stay open"};
    limit(RLIMIT_AS, most_memory, most_memory);
    limit(RLIMIT_CPU, most_seconds, most_seconds + 1);  // SIGXCPU: it is the picture's fault
    limit(RLIMIT_CORE, 0, 0);
}

// Memory, threads of this process, and what is open. Anything else fails as not permitted: files, sockets, programs,
// other processes, new machine code.
void limit_system_calls() {
    const std::unique_ptr<void, decltype(&seccomp_release)> filter(
        seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
    if (!filter) throw refused{"no filter of system calls"};
    const auto allow = [&](int call, std::initializer_list<scmp_arg_cmp> when = {}) {
        const auto count = static_cast<unsigned>(when.size());
        if (seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, count, when.begin()) != 0)
            throw refused{"a rule is not known here"};
    };
    for (const auto call : {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(lseek),
             SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
             SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
             SCMP_SYS(sched_getaffinity), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(getrandom),
             SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
             SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group)})
        allow(call);
    const scmp_arg_cmp not_executable{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    allow(SCMP_SYS(mmap), {not_executable});
    allow(SCMP_SYS(mprotect), {not_executable});
    // The C library falls back to clone, whose flags can be compared.
    allow(SCMP_SYS(clone), {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}});
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) != 0 ||
        seccomp_load(filter.get()) != 0)
        throw refused{"the filter of system calls cannot be loaded"};
}

// Of libvips' loaders only those of the three accepted types may run.
void open_vips(const char* program) {
    if (VIPS_INIT(program) != 0) throw refused{"libvips does not start"};
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (const auto* one : {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"})
        vips_operation_block_set(one, FALSE);
}

std::string_view media_type_of(const VImage& image) {
    const std::string loader = image.get_string("vips-loader");
    if (loader.starts_with("jpegload")) return "image/jpeg";
    if (loader.starts_with("pngload")) return "image/png";
    if (loader.starts_with("webpload")) return "image/webp";
    throw refused{"this is no JPEG, PNG or WebP"};
}

// Its header is read; no pixel yet. Of an animation it is the first picture.
VImage open(const std::string& bytes) {
    auto image = VImage::new_from_buffer(
        bytes.data(), bytes.size(), "", VImage::option()->set("fail_on", VIPS_FAIL_ON_TRUNCATED));
    if (image.width() > most_pixels || image.height() > most_pixels) throw refused{"it has too many pixels"};
    return image;
}

// Every field that can be removed, one by one: `strip` of libvips 8.14 leaves EXIF in a WebP. What stays is what it
// needs to know the pixels.
VImage without_metadata(const VImage& image) {
    auto bare = image.copy();
    char** names = vips_image_get_fields(image.get_image());
    for (char** name = names; *name; ++name) vips_image_remove(bare.get_image(), *name);
    g_strfreev(names);
    return bare;
}

// A profile that cannot be used is passed over, as browsers do.
VImage in_srgb(const VImage& image) {
    if (image.get_typeof(VIPS_META_ICC_NAME) != 0) try {
            return image.icc_transform("srgb", VImage::option()->set("embedded", true));
        } catch (const vips::VError&) {
            vips_error_clear();
        }
    return image.interpretation() == VIPS_INTERPRETATION_B_W ? image : image.colourspace(VIPS_INTERPRETATION_sRGB);
}

using encoded = std::pair<std::string_view, std::string>;  // media type, bytes

encoded encode(const VImage& image, std::string_view type, int quality) {
    VipsBlob* blob = nullptr;
    auto* plain = VImage::option()->set("strip", true);
    if (type == "image/jpeg") blob = image.jpegsave_buffer(plain->set("Q", quality)->set("optimize_coding", true));
    if (type == "image/png") blob = image.pngsave_buffer(plain->set("compression", 9));
    if (type == "image/webp") blob = image.webpsave_buffer(plain->set("Q", quality));
    std::size_t size = 0;
    const auto* data = static_cast<const char*>(vips_blob_get(blob, &size));
    std::string out(data, size);
    vips_area_unref(VIPS_AREA(blob));
    return {type, std::move(out)};
}

// As it came; a picture that has become too large, as a WebP, coarser until it fits.
encoded encode_small(const VImage& image, std::string_view type) {
    auto out = encode(image, type, 85);
    for (const int quality : {85, 60, 30, 5})
        if (out.second.size() > most_bytes) out = encode(image, "image/webp", quality);
    if (out.second.size() > most_bytes) throw refused{"it does not fit into 512 KB"};
    return out;
}

void run() {
    const std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
    const auto image = open(bytes);
    const auto type = media_type_of(image);
    // Decoded once: the encoders read it from memory.
    const auto pixels = without_metadata(in_srgb(image.autorot())).copy_memory();
    const auto made = encode_small(pixels, type);
    std::cout << made.first << ' ' << pixels.width() << ' ' << pixels.height() << '\n' << made.second << std::flush;
}

}  // namespace

int main(int, char** arguments) {
    int status = 1;
    try {
        limit_resources();
        open_vips(arguments[0]);
        limit_system_calls();
        std::cout << "ready\n" << std::flush;
        run();
        status = 0;
    } catch (const refused& e) {
        std::cerr << e.why << '\n';
    } catch (const std::exception&) {
        std::cerr << "it cannot be decoded\n";
    }
    _exit(status);  // nothing is left to be done, and what libraries do at an exit is not permitted
}
