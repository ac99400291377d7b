//! Choosing and opening.

use rendez_gpu::{Gpu, Kind, OpenError, Pick, devices};

#[test]
fn the_native_device_is_always_there_and_first() {
    let all = devices();
    assert_eq!(all[0].kind, Kind::Native);
    assert_eq!(Gpu::open(Pick::Cpu).unwrap().info(), &all[0]);
}

#[test]
fn auto_takes_no_software_vulkan_and_says_why() {
    let gpu = Gpu::open(Pick::Auto).unwrap();
    if std::env::var_os("RENDEZ_GPU").is_some() {
        assert!(gpu.why().contains("RENDEZ_GPU"), "{}", gpu.why());
        return;
    }
    assert_ne!(gpu.info().kind, Kind::Software);
    if gpu.info().kind == Kind::Native {
        assert!(gpu.why().contains("Vulkan"), "says why it is not Vulkan: {}", gpu.why());
    }
    assert!(gpu.why().starts_with(&gpu.info().name), "{}", gpu.why());
}

#[test]
fn an_unknown_device_is_an_error_that_names_the_known_ones() {
    let pick: Pick = "quantum".parse().unwrap();
    let error = Gpu::open(pick).unwrap_err();
    assert!(matches!(&error, OpenError::NoSuchDevice { wanted, have } if wanted == "quantum" && !have.is_empty()));
    let said = error.to_string();
    assert!(said.contains("`quantum`") && said.contains("native CPU") && said.contains("auto"), "{said}");
}

#[test]
fn a_pick_reads_back_from_what_it_prints() {
    for text in ["auto", "cpu", "vulkan", "llvmpipe"] {
        assert_eq!(text.parse::<Pick>().unwrap().to_string(), text);
    }
    assert_eq!("AUTO".parse(), Ok(Pick::Auto));
}

#[test]
fn a_device_is_found_by_a_part_of_its_name() {
    assert_eq!(Gpu::open(Pick::Name("NATIVE".into())).unwrap().info().kind, Kind::Native);
    for gpu in crate::each_vulkan() {
        let part = gpu.info().name.split(' ').next().unwrap().to_uppercase();
        assert_eq!(Gpu::open(Pick::Name(part)).unwrap().info().name, gpu.info().name);
    }
}

#[test]
fn a_machine_without_vulkan_names_the_package_to_install() {
    let error = OpenError::NoVulkan { detail: "no libvulkan.so.1".into() };
    assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}");
}

/// The loader is told where to find drivers by its environment, which a process has one of: in a child, it finds none.
#[test]
fn a_machine_without_drivers_is_an_error_for_vulkan_and_none_for_auto() {
    const CHILD: &str = "RENDEZ_GPU_NO_DRIVER_TEST";
    if std::env::var_os(CHILD).is_none() {
        let test = "devices::a_machine_without_drivers_is_an_error_for_vulkan_and_none_for_auto";
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .envs([(CHILD, "1"), ("VK_ICD_FILENAMES", "/nonexistent"), ("VK_DRIVER_FILES", "/nonexistent")])
            .env_remove("RENDEZ_GPU")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let error = Gpu::open(Pick::Vulkan).unwrap_err();
    assert!(matches!(error, OpenError::NoVulkan { .. } | OpenError::NoDriver { .. }), "{error:?}");
    assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}");
    let gpu = Gpu::open(Pick::Auto).unwrap();
    assert_eq!(gpu.info().kind, Kind::Native);
    assert!(gpu.why().contains("Vulkan"), "{}", gpu.why());
    assert_eq!(devices().len(), 1);
}
