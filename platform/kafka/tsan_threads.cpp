// librdkafka uses the threads of C11, which ThreadSanitizer does not support: it crashes in such a thread and reports
// every handover through librdkafka as a race. In sanitized programs these definitions take precedence over the C
// library's.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

namespace {

struct start {
    thrd_start_t run;
    void* with;
};

void* begin(void* given) {
    const start mine = *static_cast<start*>(given);
    delete static_cast<start*>(given);
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(mine.run(mine.with)));
}

int outcome(int error) {
    if (error == 0) return thrd_success;
    if (error == ETIMEDOUT) return thrd_timedout;
    return error == EBUSY ? thrd_busy : thrd_error;
}
// glibc wraps the same types.
pthread_mutex_t* as(mtx_t* m) { return reinterpret_cast<pthread_mutex_t*>(m); }
pthread_cond_t* as(cnd_t* c) { return reinterpret_cast<pthread_cond_t*>(c); }
static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t run, void* with) {
    return outcome(pthread_create(thread, nullptr, begin, new start{run, with}));
}
int thrd_join(thrd_t thread, int* result) {
    void* got = nullptr;
    const int error = pthread_join(thread, &got);
    if (result) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(got));
    return outcome(error);
}
int thrd_detach(thrd_t thread) { return outcome(pthread_detach(thread)); }

int mtx_init(mtx_t* m, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    return outcome(pthread_mutex_init(as(m), &attributes));
}
int mtx_lock(mtx_t* m) { return outcome(pthread_mutex_lock(as(m))); }
int mtx_trylock(mtx_t* m) { return outcome(pthread_mutex_trylock(as(m))); }
int mtx_timedlock(mtx_t* m, const timespec* until) { return outcome(pthread_mutex_timedlock(as(m), until)); }
int mtx_unlock(mtx_t* m) { return outcome(pthread_mutex_unlock(as(m))); }
void mtx_destroy(mtx_t* m) { pthread_mutex_destroy(as(m)); }

int cnd_init(cnd_t* c) { return outcome(pthread_cond_init(as(c), nullptr)); }
int cnd_signal(cnd_t* c) { return outcome(pthread_cond_signal(as(c))); }
int cnd_broadcast(cnd_t* c) { return outcome(pthread_cond_broadcast(as(c))); }
int cnd_wait(cnd_t* c, mtx_t* m) { return outcome(pthread_cond_wait(as(c), as(m))); }
int cnd_timedwait(cnd_t* c, mtx_t* m, const timespec* until) {
    return outcome(pthread_cond_timedwait(as(c), as(m), until));
}
void cnd_destroy(cnd_t* c) { pthread_cond_destroy(as(c)); }

}  // extern "C"

#endif
#endif
