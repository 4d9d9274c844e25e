# Writes a CSV of parts as a store of spare parts has them: of every run the same, of every `first` others.
#   awk -v count=N [-v first=1] [-v only=price] -f parts.awk     `only=price`: code and another price, for a change of one field
# An own generator of numbers: awk's differ between versions.

function draw(limit)
{
    state = (state * 16807) % 2147483647
    return int(state / 2147483647 * limit)
}

function one_of(list, size)
{
    return list[draw(size) + 1]
}

BEGIN {
    if (first == "")
        first = 1
    kinds = split("继电器 接触器 断路器 传感器 电源模块 端子排 散热风扇 控制板 熔断器 键盘 光模块 交换机 变压器 编码器 电磁阀 密封圈 轴承 " \
        "同步带 摄像机 车牌识别仪 栏杆机 票据打印机 读卡器 显示屏 蓄电池 防雷器 滤波器 电机 减速机 温控器", kind, " ")
    makers = split("西门子 施耐德 欧姆龙 正泰 德力西 海康 大华 华为 三菱 台达 汇川 魏德米勒 菲尼克斯 研华", maker, " ")
    categories = split("电气 机械 网络 显示 收费 监控 供电 通信 照明 耗材", category, " ")
    units = split("个 只 台 米 套 块 条", unit, " ")
    fittings = split("导轨安装 面板安装 机柜内 户外 防水 低噪音 耐高温 带指示灯 可热插拔 含支架", fitting, " ")
    print only == "price" ? "code,price_cents" : "code,name,category,unit,price_cents,spec"
    state = 1 + (first * 48271 + (only == "price" ? 1000003 : 7)) % 2147483646
    for (i = first; i < first + count; i++) {
        price = int(exp(draw(9000) / 1000 + 2) * 100) + 5 * draw(20)
        code = sprintf("BJ-%07d", i)
        if (only == "price") {
            printf "%s,%d\n", code, price
            continue
        }
        printf "%s,%s %s %c%c-%d,%s,%s,%d,DC%dV %dA %d×%dmm %s 货号%04d-%c%c%d\n", code, one_of(maker, makers), one_of(kind, kinds), 65 + draw(26),
            65 + draw(26), 100 + draw(900), one_of(category, categories), one_of(unit, units), price, 12 * (draw(4) + 1), draw(63) + 1,
            20 + draw(180), 20 + draw(120), one_of(fitting, fittings), draw(10000), 65 + draw(26), 65 + draw(26), draw(10)
    }
}
