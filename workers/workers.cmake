# Every worker, in the order of starting, one a line:
#   airi_worker(<name> [GROUP <consumer group>] [LIGHT | OPERATIONS])
# airi-worker is built from workers/<name>/ of all. The LIGHT ones share a process in ./airi up and in the tests; in
# production each has its own. The OPERATIONS ones are Kafka's user operations, which reads dead letters too; the others
# are its user worker. deploy/lib/services.sh and tests/support/js/system/workers.mjs read these lines too;
# tests/workers/workers_test.cpp compares them with compose.yaml and with the sources.
airi_worker(moderation GROUP moderation)
airi_worker(chat GROUP chat)
airi_worker(memory GROUP memory LIGHT)
airi_worker(usage GROUP usage LIGHT)
airi_worker(disclosures GROUP disclosures LIGHT)
airi_worker(email GROUP mail LIGHT)
airi_worker(exports GROUP privacy LIGHT)
airi_worker(files GROUP files LIGHT)
airi_worker(notifications GROUP notifications LIGHT)
airi_worker(crisis GROUP crisis LIGHT)
airi_worker(oauth GROUP identity LIGHT)
airi_worker(payments GROUP payments LIGHT)
airi_worker(operations GROUP operations OPERATIONS)
airi_worker(violations GROUP violations LIGHT)
airi_worker(gaming GROUP gaming LIGHT)
airi_worker(outbox LIGHT)
airi_worker(scheduler LIGHT)
airi_worker(archive OPERATIONS)
