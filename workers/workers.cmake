# Every worker, in the order of starting, one a line:
#   airi_worker(<name> [GROUP <consumer group>] [NEEDS ENCRYPTION_KEY])
# airi-<name> is built from workers/<name>/. deploy/lib/services.sh and tests/support/js/system/workers.mjs read these
# lines too; tests/workers/workers_test.cpp compares them with compose.yaml and with the groups in the sources.
airi_worker(moderation GROUP moderation NEEDS ENCRYPTION_KEY)
airi_worker(chat GROUP chat)
airi_worker(memory GROUP memory)
airi_worker(usage GROUP usage)
airi_worker(email GROUP mail)
airi_worker(exports GROUP privacy)
airi_worker(oauth GROUP identity)
airi_worker(outbox)
airi_worker(scheduler)
