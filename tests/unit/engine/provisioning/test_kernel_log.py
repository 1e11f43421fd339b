from orquestra.engine.provisioning.kernel_log import names_victim

VICTIM = "97bb1c872df1f3427fa47200ff742901"
BYSTANDER = "2222222222222222222222222222222"
RECORD = (
    "6,1201,1662803216,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),"
    f"cpuset=libpod-{BYSTANDER},mems_allowed=0,oom_memcg=/libpod_parent/libpod-{VICTIM},"
    f"task_memcg=/libpod_parent/libpod-{VICTIM}/worker,task=python,pid=19041,uid=1000\n"
)


def test_record_names_the_container_whose_limit_was_reached():
    assert names_victim(RECORD, VICTIM)
    assert not names_victim(RECORD, BYSTANDER)


def test_kill_for_want_of_memory_in_the_whole_machine_names_nobody():
    record = f"oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/libpod-{VICTIM},pid=1"

    assert not names_victim(record, VICTIM)


def test_other_records_name_nobody():
    assert not names_victim(f"podman1: oom_memcg=/libpod-{VICTIM} entered forwarding", VICTIM)
