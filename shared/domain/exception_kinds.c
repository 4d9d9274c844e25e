/* The kinds of exceptions, see exception_kinds.h. */
#include "shared/domain/exception_kinds.h"

#define ACCEPT_EN "; or accept it: set exception ID decision=accepted note=…"
#define ACCEPT_ZH ";或认可: set exception ID decision=accepted note=…"

static const struct cs_exception_kind kinds[] = {
    {"changed_after_signing", "changed after signing", "签字后更改",
     "receipt verify RECEIPT shows what differs: put it back, or void the receipt (receipt void "
     "NUMBER --reason TEXT) and let the customer sign again",
     "用 receipt verify 回执单 查看差异:改回原内容,或作废该回执单(receipt void 号码 --reason "
     "原因)后请客户重签",
     false},
    {"work_on_cancelled_order", "work on a cancelled order", "已取消派工单上的工作",
     "settle the order: resolve its conflict, or set work_order ID status=finished; if there was "
     "no work, delete the visit" ACCEPT_EN,
     "处理派工单:解决其冲突,或 set work_order 编号 "
     "status=finished;如实际未上门,删除该上门服务" ACCEPT_ZH,
     true},
    {"work_on_reassigned_order", "work on a reassigned order", "已改派派工单上的工作",
     "assign the order back to who did the work, or tell the other technician" ACCEPT_EN,
     "将派工单改回实际上门的技术员,或通知另一名技术员" ACCEPT_ZH, true},
    {"overlapping_visits", "overlapping visits of one technician", "同一技术员的上门时间重叠",
     "correct arrived_at or left_at of one of the two visits" ACCEPT_EN,
     "更正其中一次上门的到达或离开时间" ACCEPT_ZH, true},
    {"negative_stock", "negative stock", "库存为负",
     "record what is missing in the books: new stock_movement part=… to=… quantity=… "
     "reason=correction",
     "补记缺少的出入库: new stock_movement part=… to=… quantity=… reason=correction", false},
    {"inconsistent_row", "inconsistent row", "数据前后矛盾",
     "correct one of the fields it names: set ENTITY ROW field=value",
     "更正说明中提到的字段: set 类别 编号 字段=值", false},
    {"duplicate", "two rows with one key", "编号重复",
     "merge the two (merge ENTITY KEEP DROP), or give one another key",
     "合并两条记录(merge 类别 保留 并入),或修改其中一条的编号", false},
    {"deleted_reference", "referred to, but deleted", "被引用的记录已删除",
     "point what refers to it elsewhere, or merge it into the row that stands for it (merge "
     "ENTITY KEEP ROW)" ACCEPT_EN,
     "将引用改到其他记录,或将其并入替代它的记录(merge 类别 保留 编号)" ACCEPT_ZH, true},
    {"delete_against_edit", "deleted by one, edited by another", "一人删除而另一人修改",
     "resolve CONFLICT current keeps the row, other deletes it (see conflicts)",
     "resolve 冲突 current 保留,other 删除(见 conflicts)", false},
    {"fact_over_plan", "recorded on site, planned otherwise", "现场记录与计划不同",
     "resolve CONFLICT current keeps what was recorded, other takes the plan (see conflicts)",
     "resolve 冲突 current 保留现场记录,other 采用计划(见 conflicts)", false},
    {"written_twice", "written once, by two", "一次性字段被两人填写",
     "resolve CONFLICT current or other chooses one of the two (see conflicts)",
     "resolve 冲突 current 或 other 二选一(见 conflicts)", false},
    {"receipt_gap", "gap in a receipt series", "回执单号段缺号",
     "let the technician send or correct the missing receipt (refusals), or void the number: "
     "receipt void NUMBER --reason TEXT",
     "请技术员补发或更正缺少的回执单(refusals),或作废该号: receipt void 号码 --reason 原因", false},
    {"receipt_double", "two receipts with one number", "回执单号重复",
     "void the one that does not stand: receipt void ID --reason TEXT",
     "作废无效的一张: receipt void 编号 --reason 原因", false},
    {"clock_anomaly", "wrong clock", "时钟异常",
     "put date and time zone of that device right and let it send a change" ACCEPT_EN,
     "校正该设备的日期和时区后再同步一次修改" ACCEPT_ZH, true},
    {"forked_device", "device exists twice", "设备被复制",
     "find out why there are two, give the person a new invite and let both send what they "
     "hold" ACCEPT_EN,
     "查明原因,重新邀请该人员,并让两处都发送其内容" ACCEPT_ZH, true},
    {"replica_differed", "a device's records differed", "设备数据曾与服务器不一致",
     "look at the laptop's disk and memory if it happens again; run countersign doctor on "
     "it" ACCEPT_EN,
     "如再次出现,检查该设备的硬盘和内存,并在其上运行 countersign doctor" ACCEPT_ZH, true},
    {"server_sums_wrong", "the server's sums were wrong", "服务器校验和有误",
     "let the administrator run countersign-server verify and look at the server's disk" ACCEPT_EN,
     "请管理员运行 countersign-server verify 并检查服务器硬盘" ACCEPT_ZH, true},
    {"server_went_back", "server went back in time", "服务器回到了旧状态",
     "let the device sync until nothing is missing; if it never will, what is missing is lost, and "
     "accepting it ends the wait for it" ACCEPT_EN,
     "让该设备同步,直到不再缺少内容;如设备已不存在,缺少的内容即丢失,认可后不再等待" ACCEPT_ZH,
     true},
    {"recovered_row", "kept by a device, lost by the server", "服务器丢失、由设备保留",
     "let its author's device sync, or check it against what it says and put it right" ACCEPT_EN,
     "让作者的设备同步,或核对其内容并更正" ACCEPT_ZH, true},
    {"signed_on_copied_device", "signed on a copied device", "在被复制的设备上签署",
     "ask the person who signed it; void the receipt if it is not theirs (receipt void NUMBER "
     "--reason TEXT)" ACCEPT_EN,
     "向签署人核实;如非本人所签,作废该回执单(receipt void 号码 --reason 原因)" ACCEPT_ZH, true},
    {"post_revocation_work", "work of a revoked device", "吊销后发送的内容",
     "look at it (review list, review show WORK), then review accept|reject WORK|DEVICE --reason "
     "TEXT",
     "查看内容(review list、review show 编号),然后 review accept|reject 编号或设备 --reason 原因",
     false},
};

const struct cs_exception_kind *cs_exception_kind_at(size_t index)
{
    return index < CS_COUNT(kinds) ? &kinds[index] : NULL;
}

const struct cs_exception_kind *cs_exception_kind_find(struct cs_bytes name)
{
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        if (cs_bytes_equal_text(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}
